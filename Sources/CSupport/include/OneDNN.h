// The part of oneDNN's C API, version 2, that the backend uses, declared here so that the build
// needs neither the library nor its headers. onednn.c compares it with the real headers where they
// are installed. Handles and descriptors are opaque: none of their fields is read.
#ifndef ALEXBENCH_ONEDNN_H
#define ALEXBENCH_ONEDNN_H

#include <stddef.h>
#include <stdint.h>

enum {
  ALEX_DNNL_MAJOR = 2,
  // At least as large as the library's structures.
  ALEX_DNNL_MEMORY_DESC_BYTES = 1024,
  ALEX_DNNL_OPERATION_DESC_BYTES = 8192,
  // dnnl_dims_t
  ALEX_DNNL_MAX_DIMENSIONS = 12,

  ALEX_DNNL_CPU = 1,
  ALEX_DNNL_STREAM_DEFAULT = 1,
  ALEX_DNNL_F32 = 3,
  ALEX_DNNL_SCRATCHPAD_USER = 1,
  ALEX_DNNL_FPMATH_STRICT = 0,
  ALEX_DNNL_FORWARD_INFERENCE = 96,

  ALEX_DNNL_RUNTIME_SEQUENTIAL = 1,
  ALEX_DNNL_RUNTIME_OMP = 2,
  ALEX_DNNL_RUNTIME_THREADPOOL = 8,

  // Bits of the effective instruction set that each set has and lesser ones have not.
  ALEX_DNNL_ISA_AVX = 3,
  ALEX_DNNL_ISA_AVX2 = 7,
  ALEX_DNNL_ISA_AVX512 = 39,

  // Format tags: order of the axes, capital with the block of a blocked one.
  ALEX_DNNL_ANY = 1,
  ALEX_DNNL_A = 2,
  ALEX_DNNL_AB = 3,
  ALEX_DNNL_ABC = 4,
  ALEX_DNNL_ABCD = 5,
  ALEX_DNNL_ABCDE = 7,
  ALEX_DNNL_ACDB = 20,
  ALEX_DNNL_BA = 22,
  ALEX_DNNL_ABCD16B = 69,
  ALEX_DNNL_ABCD8B = 93,

  ALEX_DNNL_CONVOLUTION_DIRECT = 0x1,
  ALEX_DNNL_CONVOLUTION_WINOGRAD = 0x2,
  ALEX_DNNL_ELTWISE_RELU = 0x1f,
  ALEX_DNNL_POOLING_MAX = 0x1ff,
  ALEX_DNNL_POOLING_INCLUDE_PADDING = 0x2ff,
  ALEX_DNNL_POOLING_EXCLUDE_PADDING = 0x3ff,
  ALEX_DNNL_LRN_ACROSS = 0xaff,
  ALEX_DNNL_LRN_WITHIN = 0xbff,

  ALEX_DNNL_QUERY_IMPLEMENTATION = 8,
  ALEX_DNNL_QUERY_SOURCE = 129,
  ALEX_DNNL_QUERY_WEIGHTS = 131,
  ALEX_DNNL_QUERY_DESTINATION = 133,
  ALEX_DNNL_QUERY_SCRATCHPAD = 136,

  ALEX_DNNL_ARG_SOURCE = 1,
  ALEX_DNNL_ARG_DESTINATION = 17,
  ALEX_DNNL_ARG_WEIGHTS = 33,
  ALEX_DNNL_ARG_BIAS = 41,
  ALEX_DNNL_ARG_SCRATCHPAD = 80,
};

typedef struct {
  int major, minor, patch;
  const char *hash;
  unsigned cpu_runtime, gpu_runtime;
} alex_dnnl_version;

typedef struct {
  int argument;
  void *memory;
} alex_dnnl_argument;

// F(result, name without `dnnl_`, parameters). Functions that return int return 0 for success.
#define ALEX_DNNL_FUNCTIONS(F)                                                                     \
  F(const alex_dnnl_version *, version, (void))                                                    \
  F(int, get_effective_cpu_isa, (void))                                                            \
  F(int, engine_create, (void **engine, int kind, size_t index))                                   \
  F(int, stream_create, (void **stream, void *engine, unsigned flags))                             \
  F(int, stream_wait, (void *stream))                                                              \
  F(int, memory_desc_init_by_tag,                                                                  \
    (void *desc, int dimension_count, const int64_t *dimensions, int type, int tag))               \
  F(int, memory_desc_equal, (const void *a, const void *b))                                        \
  F(size_t, memory_desc_get_size, (const void *desc))                                              \
  F(int, memory_create, (void **memory, const void *desc, void *engine, void *handle))             \
  F(int, memory_destroy, (void *memory))                                                           \
  F(int, primitive_attr_create, (void **attributes))                                               \
  F(int, primitive_attr_destroy, (void *attributes))                                               \
  F(int, primitive_attr_set_scratchpad_mode, (void *attributes, int mode))                         \
  F(int, primitive_attr_set_fpmath_mode, (void *attributes, int mode))                             \
  F(int, primitive_attr_set_post_ops, (void *attributes, const void *post_ops))                    \
  F(int, post_ops_create, (void **post_ops))                                                       \
  F(int, post_ops_destroy, (void *post_ops))                                                       \
  F(int, post_ops_append_eltwise,                                                                  \
    (void *post_ops, float scale, int algorithm, float alpha, float beta))                         \
  F(int, dilated_convolution_forward_desc_init,                                                    \
    (void *desc, int propagation, int algorithm, const void *source, const void *weights,          \
     const void *bias, const void *destination, const int64_t *strides,                            \
     const int64_t *dilations_less_one, const int64_t *padding_before,                             \
     const int64_t *padding_after))                                                                \
  F(int, pooling_forward_desc_init,                                                                \
    (void *desc, int propagation, int algorithm, const void *source, const void *destination,      \
     const int64_t *strides, const int64_t *kernel, const int64_t *padding_before,                 \
     const int64_t *padding_after))                                                                \
  F(int, lrn_forward_desc_init,                                                                    \
    (void *desc, int propagation, int algorithm, const void *data, int64_t size, float alpha,      \
     float beta, float k))                                                                         \
  F(int, inner_product_forward_desc_init,                                                          \
    (void *desc, int propagation, const void *source, const void *weights, const void *bias,       \
     const void *destination))                                                                     \
  F(int, matmul_desc_init,                                                                         \
    (void *desc, const void *source, const void *weights, const void *bias,                        \
     const void *destination))                                                                     \
  F(int, softmax_forward_desc_init, (void *desc, int propagation, const void *data, int axis))     \
  F(int, eltwise_forward_desc_init,                                                                \
    (void *desc, int propagation, int algorithm, const void *data, float alpha, float beta))       \
  F(int, reorder_primitive_desc_create,                                                            \
    (void **primitive_desc, const void *source, void *source_engine, const void *destination,      \
     void *destination_engine, const void *attributes))                                            \
  F(int, primitive_desc_iterator_create,                                                           \
    (void **iterator, const void *operation_desc, const void *attributes, void *engine,            \
     const void *hint))                                                                            \
  F(int, primitive_desc_iterator_next, (void *iterator))                                           \
  F(void *, primitive_desc_iterator_fetch, (const void *iterator))                                 \
  F(int, primitive_desc_iterator_destroy, (void *iterator))                                        \
  F(int, primitive_desc_query, (const void *primitive_desc, int what, int index, void *result))    \
  F(const void *, primitive_desc_query_md, (const void *primitive_desc, int what, int index))      \
  F(int, primitive_desc_destroy, (void *primitive_desc))                                           \
  F(int, primitive_create, (void **primitive, const void *primitive_desc))                         \
  F(int, primitive_execute,                                                                        \
    (const void *primitive, void *stream, int count, const alex_dnnl_argument *arguments))         \
  F(int, primitive_destroy, (void *primitive))

#define ALEX_DNNL_FIELD(result, name, parameters) result(*name) parameters;
typedef struct {
  ALEX_DNNL_FUNCTIONS(ALEX_DNNL_FIELD)
} alex_dnnl_api;
#undef ALEX_DNNL_FIELD

// Fills `api` from an opened library. Returns NULL, or the name of a function that is missing.
const char *alex_dnnl_bind(void *library, alex_dnnl_api *api);

#endif
