#include "CSupport.h"

const char *alex_dnnl_bind(void *library, alex_dnnl_api *api) {
#define BIND(result, name, parameters)                            \
  api->name = (result(*) parameters)alex_library_symbol(library, "dnnl_" #name); \
  if (!api->name) return "dnnl_" #name;
  ALEX_DNNL_FUNCTIONS(BIND)
#undef BIND
  return NULL;
}

// The declarations against the library's own, where these are installed.
#if defined(__has_include)
#if __has_include(<oneapi/dnnl/dnnl.h>)
#include <oneapi/dnnl/dnnl.h>
#if DNNL_VERSION_MAJOR == 2

#define EXISTS(result, name, parameters) \
  _Static_assert(sizeof(&dnnl_##name) == sizeof(void *), "dnnl_" #name);
ALEX_DNNL_FUNCTIONS(EXISTS)
#undef EXISTS

#define FITS(type, bytes) _Static_assert(sizeof(type) <= (bytes), #type)
FITS(dnnl_memory_desc_t, ALEX_DNNL_MEMORY_DESC_BYTES);
FITS(dnnl_convolution_desc_t, ALEX_DNNL_OPERATION_DESC_BYTES);
FITS(dnnl_pooling_desc_t, ALEX_DNNL_OPERATION_DESC_BYTES);
FITS(dnnl_lrn_desc_t, ALEX_DNNL_OPERATION_DESC_BYTES);
FITS(dnnl_inner_product_desc_t, ALEX_DNNL_OPERATION_DESC_BYTES);
FITS(dnnl_matmul_desc_t, ALEX_DNNL_OPERATION_DESC_BYTES);
FITS(dnnl_softmax_desc_t, ALEX_DNNL_OPERATION_DESC_BYTES);
FITS(dnnl_eltwise_desc_t, ALEX_DNNL_OPERATION_DESC_BYTES);
#undef FITS

#define SAME(mine, theirs) _Static_assert((long)(mine) == (long)(theirs), #theirs)
SAME(sizeof(alex_dnnl_version), sizeof(dnnl_version_t));
SAME(offsetof(alex_dnnl_version, cpu_runtime), offsetof(dnnl_version_t, cpu_runtime));
SAME(sizeof(alex_dnnl_argument), sizeof(dnnl_exec_arg_t));
SAME(offsetof(alex_dnnl_argument, memory), offsetof(dnnl_exec_arg_t, memory));
SAME(ALEX_DNNL_MAX_DIMENSIONS, DNNL_MAX_NDIMS);
SAME(sizeof(int64_t), sizeof(dnnl_dim_t));
SAME(sizeof(int), sizeof(dnnl_status_t));
SAME(sizeof(int), sizeof(dnnl_format_tag_t));
SAME(ALEX_DNNL_CPU, dnnl_cpu);
SAME(ALEX_DNNL_STREAM_DEFAULT, dnnl_stream_default_flags);
SAME(ALEX_DNNL_F32, dnnl_f32);
SAME(ALEX_DNNL_SCRATCHPAD_USER, dnnl_scratchpad_mode_user);
SAME(ALEX_DNNL_FPMATH_STRICT, dnnl_fpmath_mode_strict);
SAME(ALEX_DNNL_FORWARD_INFERENCE, dnnl_forward_inference);
SAME(ALEX_DNNL_RUNTIME_SEQUENTIAL, DNNL_RUNTIME_SEQ);
SAME(ALEX_DNNL_RUNTIME_OMP, DNNL_RUNTIME_OMP);
SAME(ALEX_DNNL_RUNTIME_THREADPOOL, DNNL_RUNTIME_THREADPOOL);
SAME(ALEX_DNNL_ISA_AVX, dnnl_cpu_isa_avx);
SAME(ALEX_DNNL_ISA_AVX2, dnnl_cpu_isa_avx2);
SAME(ALEX_DNNL_ISA_AVX512, dnnl_cpu_isa_avx512_core);
SAME(ALEX_DNNL_ANY, dnnl_format_tag_any);
SAME(ALEX_DNNL_A, dnnl_a);
SAME(ALEX_DNNL_AB, dnnl_ab);
SAME(ALEX_DNNL_ABC, dnnl_abc);
SAME(ALEX_DNNL_ABCD, dnnl_abcd);
SAME(ALEX_DNNL_ABCDE, dnnl_abcde);
SAME(ALEX_DNNL_ACDB, dnnl_acdb);
SAME(ALEX_DNNL_BA, dnnl_ba);
SAME(ALEX_DNNL_ABCD16B, dnnl_nChw16c);
SAME(ALEX_DNNL_ABCD8B, dnnl_nChw8c);
SAME(ALEX_DNNL_CONVOLUTION_DIRECT, dnnl_convolution_direct);
SAME(ALEX_DNNL_CONVOLUTION_WINOGRAD, dnnl_convolution_winograd);
SAME(ALEX_DNNL_ELTWISE_RELU, dnnl_eltwise_relu);
SAME(ALEX_DNNL_POOLING_MAX, dnnl_pooling_max);
SAME(ALEX_DNNL_POOLING_INCLUDE_PADDING, dnnl_pooling_avg_include_padding);
SAME(ALEX_DNNL_POOLING_EXCLUDE_PADDING, dnnl_pooling_avg_exclude_padding);
SAME(ALEX_DNNL_LRN_ACROSS, dnnl_lrn_across_channels);
SAME(ALEX_DNNL_LRN_WITHIN, dnnl_lrn_within_channel);
SAME(ALEX_DNNL_QUERY_IMPLEMENTATION, dnnl_query_impl_info_str);
SAME(ALEX_DNNL_QUERY_SOURCE, dnnl_query_src_md);
SAME(ALEX_DNNL_QUERY_WEIGHTS, dnnl_query_weights_md);
SAME(ALEX_DNNL_QUERY_DESTINATION, dnnl_query_dst_md);
SAME(ALEX_DNNL_QUERY_SCRATCHPAD, dnnl_query_scratchpad_md);
SAME(ALEX_DNNL_ARG_SOURCE, DNNL_ARG_SRC);
SAME(ALEX_DNNL_ARG_DESTINATION, DNNL_ARG_DST);
SAME(ALEX_DNNL_ARG_WEIGHTS, DNNL_ARG_WEIGHTS);
SAME(ALEX_DNNL_ARG_BIAS, DNNL_ARG_BIAS);
SAME(ALEX_DNNL_ARG_SCRATCHPAD, DNNL_ARG_SCRATCHPAD);
#undef SAME

#endif
#endif
#endif
