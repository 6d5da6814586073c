// The full forward of AlexNet or CaffeNet by oneDNN alone: what backend `onednn` is compared with.
// Needs libdnnl-dev; Scripts/compare-onednn compiles and runs it.
//
//   onednn-direct NETWORK BATCH THREADS RUNS [LAYER=PRIMITIVE,...]
//
// PRIMITIVE is a name as `alexbench run --tile` takes it, for example conv1=brgconv:avx512_core@nhwc;
// without one the library's first choice is taken. Prints the median of RUNS forwards in ms.
#define _GNU_SOURCE
#include <math.h>
#include <oneapi/dnnl/dnnl.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define CHECK(call)                                                \
  do {                                                             \
    int status = (call);                                           \
    if (status != dnnl_success) {                                  \
      fprintf(stderr, "onednn-direct: %s: %d\n", #call, status);   \
      exit(1);                                                     \
    }                                                              \
  } while (0)

typedef dnnl_memory_desc_t desc;
typedef struct {
  dnnl_primitive_t primitive;
  dnnl_exec_arg_t arguments[5];
  int count;
} call;

static dnnl_engine_t engine;
static dnnl_stream_t stream;
static const char *plan = "";
static call calls[64];
static int call_count;
// The blob that the next layer reads.
static dnnl_memory_t blob;
static desc blob_desc;

static const struct {
  dnnl_format_tag_t tag;
  const char *name;
} layouts[] = {
    {dnnl_nchw, "nchw"}, {dnnl_nhwc, "nhwc"}, {dnnl_nChw16c, "nChw16c"}, {dnnl_nChw8c, "nChw8c"}};

static desc make_desc(int rank, const dnnl_dim_t *dimensions, dnnl_format_tag_t tag) {
  desc result;
  CHECK(dnnl_memory_desc_init_by_tag(&result, rank, dimensions, dnnl_f32, tag));
  return result;
}

static const char *layout_name(const desc *d) {
  if (d->ndims != 4) return "nchw";
  for (int i = 0; i < 4; i++) {
    desc other = make_desc(4, d->dims, layouts[i].tag);
    if (dnnl_memory_desc_equal(d, &other)) return layouts[i].name;
  }
  return "other";
}

// Memory on huge pages where it is large, filled with numbers up to `amplitude`.
static dnnl_memory_t make_memory(const desc *d, float amplitude) {
  size_t bytes = dnnl_memory_desc_get_size(d), huge = 2 << 20;
  size_t alignment = bytes >= huge ? huge : 64;
  size_t size = (bytes + alignment - 1) / alignment * alignment + alignment;
  void *data;
  if (posix_memalign(&data, alignment, size)) exit(1);
  if (alignment == huge) madvise(data, size, MADV_HUGEPAGE);
  unsigned state = 1;
  for (size_t i = 0; i < bytes / 4; i++) {
    state = state * 1664525u + 1013904223u;
    ((float *)data)[i] = amplitude * ((float)(state >> 8) / (1 << 23) - 1);
  }
  dnnl_memory_t memory;
  CHECK(dnnl_memory_create(&memory, d, engine, data));
  return memory;
}

static dnnl_primitive_attr_t make_attributes(int rectifies) {
  dnnl_primitive_attr_t result;
  CHECK(dnnl_primitive_attr_create(&result));
  CHECK(dnnl_primitive_attr_set_scratchpad_mode(result, dnnl_scratchpad_mode_user));
  if (rectifies) {
    dnnl_post_ops_t operations;
    CHECK(dnnl_post_ops_create(&operations));
    CHECK(dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_relu, 0, 0));
    CHECK(dnnl_primitive_attr_set_post_ops(result, operations));
  }
  return result;
}

// What the plan says about a layer, into `name`; 0 if nothing.
static int planned(const char *layer, char *name, size_t capacity) {
  size_t length = strlen(layer);
  for (const char *at = plan; (at = strstr(at, layer)); at += length) {
    if ((at == plan || at[-1] == ',') && at[length] == '=') {
      snprintf(name, capacity, "%.*s", (int)strcspn(at + length + 1, ","), at + length + 1);
      return 1;
    }
  }
  return 0;
}

// The primitive of an operation that has the name wanted, or the first; NULL if there is none.
static dnnl_primitive_desc_t find(const void *operation, int rectifies, const char *method,
                                  const char *wanted) {
  dnnl_primitive_desc_iterator_t iterator;
  if (dnnl_primitive_desc_iterator_create(&iterator, operation, make_attributes(rectifies), engine,
                                          NULL))
    return NULL;
  do {
    dnnl_primitive_desc_t found = dnnl_primitive_desc_iterator_fetch(iterator);
    const char *text;
    CHECK(dnnl_primitive_desc_query(found, dnnl_query_impl_info_str, 0, &text));
    char name[160];
    snprintf(name, sizeof name, "%s%s@%s", method, text,
             layout_name(dnnl_primitive_desc_query_md(found, dnnl_query_src_md, 0)));
    if (!wanted || !strcmp(name, wanted)) return found;
    dnnl_primitive_desc_destroy(found);
  } while (!dnnl_primitive_desc_iterator_next(iterator));
  return NULL;
}

static dnnl_memory_t add(dnnl_primitive_desc_t, dnnl_memory_t, dnnl_memory_t, dnnl_memory_t);

// `source` as `wanted` says, through a reorder; itself where it lies so.
static dnnl_memory_t reordered(dnnl_memory_t source, const desc *wanted) {
  const desc *given;
  CHECK(dnnl_memory_get_memory_desc(source, &given));
  if (dnnl_memory_desc_equal(given, wanted)) return source;
  dnnl_primitive_desc_t reorder;
  CHECK(dnnl_reorder_primitive_desc_create(&reorder, given, engine, wanted, engine,
                                           make_attributes(0)));
  return add(reorder, source, NULL, NULL);
}

// Adds a call; returns what it writes.
static dnnl_memory_t add(dnnl_primitive_desc_t p, dnnl_memory_t source, dnnl_memory_t weights,
                         dnnl_memory_t bias) {
  call *c = &calls[call_count++];
  dnnl_memory_t result = make_memory(dnnl_primitive_desc_query_md(p, dnnl_query_dst_md, 0), 0);
  dnnl_memory_t scratch =
      make_memory(dnnl_primitive_desc_query_md(p, dnnl_query_scratchpad_md, 0), 0);
  CHECK(dnnl_primitive_create(&c->primitive, p));
  c->arguments[c->count++] = (dnnl_exec_arg_t){DNNL_ARG_SRC, source};
  c->arguments[c->count++] = (dnnl_exec_arg_t){DNNL_ARG_DST, result};
  c->arguments[c->count++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, scratch};
  if (weights) c->arguments[c->count++] = (dnnl_exec_arg_t){DNNL_ARG_WEIGHTS, weights};
  if (bias) c->arguments[c->count++] = (dnnl_exec_arg_t){DNNL_ARG_BIAS, bias};
  return result;
}

// Adds the layer that `p` computes, with weights in whatever order it wants them: they are random.
static void add_layer(dnnl_primitive_desc_t p, const char *layer, int inputs) {
  if (!p) {
    fprintf(stderr, "onednn-direct: no such primitive for %s\n", layer);
    exit(1);
  }
  dnnl_memory_t weights = NULL, bias = NULL;
  if (inputs) {
    weights = make_memory(dnnl_primitive_desc_query_md(p, dnnl_query_weights_md, 0),
                          sqrtf(6.0f / (float)inputs));
    bias = make_memory(dnnl_primitive_desc_query_md(p, dnnl_query_weights_md, 1), 0.1f);
  }
  const desc *wanted = dnnl_primitive_desc_query_md(p, dnnl_query_src_md, 0);
  if (wanted->ndims == 2 && blob_desc.ndims == 4) {
    // The rows of a matrix are the images, row-major.
    desc flat = make_desc(4, blob_desc.dims, dnnl_nchw);
    void *data;
    CHECK(dnnl_memory_get_data_handle(reordered(blob, &flat), &data));
    CHECK(dnnl_memory_create(&blob, wanted, engine, data));
  }
  blob = add(p, reordered(blob, wanted), weights, bias);
  blob_desc = *dnnl_primitive_desc_query_md(p, dnnl_query_dst_md, 0);
}

static void convolution(const char *layer, int k, int r, int stride, int pad, int groups) {
  char text[160];
  const char *wanted = planned(layer, text, sizeof text) ? text : NULL;
  dnnl_dim_t c = blob_desc.dims[1], out = (blob_desc.dims[2] + 2 * pad - r) / stride + 1;
  dnnl_dim_t filter[] = {groups, k / groups, c / groups, r, r};
  dnnl_dim_t result[] = {blob_desc.dims[0], k, out, out}, biases[] = {k};
  dnnl_dims_t strides = {stride, stride}, pads = {pad, pad};
  if (groups == 1) memmove(filter, filter + 1, 4 * sizeof *filter);
  desc weights = make_desc(groups > 1 ? 5 : 4, filter, dnnl_format_tag_any);
  desc bias = make_desc(1, biases, dnnl_a);
  dnnl_primitive_desc_t found = NULL;
  for (int attempt = 0; attempt < 3 && !found; attempt++) {
    dnnl_format_tag_t tag = attempt == 1 ? dnnl_nhwc : dnnl_format_tag_any;
    desc from = make_desc(4, blob_desc.dims, tag), to = make_desc(4, result, tag);
    dnnl_convolution_desc_t operation;
    CHECK(dnnl_convolution_forward_desc_init(
        &operation, dnnl_forward_inference,
        attempt == 2 ? dnnl_convolution_winograd : dnnl_convolution_direct, &from, &weights, &bias,
        &to, strides, pads, pads));
    found = find(&operation, 1, "", wanted);
  }
  add_layer(found, layer, (int)(c / groups) * r * r);
}

static void normalization(void) {
  dnnl_lrn_desc_t operation;
  CHECK(dnnl_lrn_forward_desc_init(&operation, dnnl_forward_inference, dnnl_lrn_across_channels,
                                   &blob_desc, 5, 1e-4f, 0.75f, 1));
  add_layer(find(&operation, 0, "", NULL), "norm", 0);
}

static void pooling(void) {
  dnnl_dim_t out = (blob_desc.dims[2] - 3) / 2 + 1;
  dnnl_dim_t result[] = {blob_desc.dims[0], blob_desc.dims[1], out, out};
  dnnl_dims_t strides = {2, 2}, kernel = {3, 3}, pads = {0, 0};
  desc to = make_desc(4, result, dnnl_format_tag_any);
  dnnl_pooling_desc_t operation;
  CHECK(dnnl_pooling_forward_desc_init(&operation, dnnl_forward_inference, dnnl_pooling_max,
                                       &blob_desc, &to, strides, kernel, pads, pads));
  add_layer(find(&operation, 0, "", NULL), "pool", 0);
}

static void fully_connected(const char *layer, int k, int rectifies) {
  char text[160];
  const char *wanted = planned(layer, text, sizeof text) ? text : NULL;
  dnnl_dim_t n = blob_desc.dims[0], c = 1;
  for (int i = 1; i < blob_desc.ndims; i++) c *= blob_desc.dims[i];
  dnnl_dim_t rows[] = {n, c}, by_output[] = {k, c}, by_input[] = {c, k}, result[] = {n, k};
  dnnl_dim_t biases[] = {k}, row[] = {1, k}, images[] = {k, 256, 6, 6};
  desc from = make_desc(2, rows, dnnl_ab), to = make_desc(2, result, dnnl_ab);
  desc weights = make_desc(2, by_output, dnnl_format_tag_any), bias = make_desc(1, biases, dnnl_a);
  dnnl_inner_product_desc_t product;
  CHECK(dnnl_inner_product_forward_desc_init(&product, dnnl_forward_inference, &from, &weights,
                                             &bias, &to));
  dnnl_primitive_desc_t found = find(&product, rectifies, "ip-", wanted);
  if (!found) {
    desc other = make_desc(2, by_input, dnnl_format_tag_any), biases_row = make_desc(2, row, dnnl_ab);
    dnnl_matmul_desc_t matmul;
    CHECK(dnnl_matmul_desc_init(&matmul, &from, &other, &biases_row, &to));
    found = find(&matmul, rectifies, "matmul-", wanted);
  }
  for (int i = 1; i < 4 && !found && blob_desc.ndims == 4; i++) {
    desc image = make_desc(4, blob_desc.dims, layouts[i].tag);
    weights = make_desc(4, images, dnnl_format_tag_any);
    CHECK(dnnl_inner_product_forward_desc_init(&product, dnnl_forward_inference, &image, &weights,
                                               &bias, &to));
    found = find(&product, rectifies, "ip-", wanted);
  }
  add_layer(found, layer, (int)c);
}

static void softmax(void) {
  dnnl_softmax_desc_t operation;
  CHECK(dnnl_softmax_forward_desc_init(&operation, dnnl_forward_inference, &blob_desc, 1));
  add_layer(find(&operation, 0, "", NULL), "prob", 0);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void forward(void) {
  for (int i = 0; i < call_count; i++)
    CHECK(dnnl_primitive_execute(calls[i].primitive, stream, calls[i].count, calls[i].arguments));
  CHECK(dnnl_stream_wait(stream));
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "usage: onednn-direct alexnet|caffenet BATCH THREADS RUNS [LAYER=PRIMITIVE,…]\n");
    return 64;
  }
  int pools_first = !strcmp(argv[1], "caffenet"), batch = atoi(argv[2]), runs = atoi(argv[4]);
  if ((!pools_first && strcmp(argv[1], "alexnet")) || batch < 1 || atoi(argv[3]) < 1 || runs < 1) {
    fprintf(stderr, "onednn-direct: no such network, batch, threads or runs\n");
    return 64;
  }
  omp_set_num_threads(atoi(argv[3]));
  if (argc > 5) plan = argv[5];
  CHECK(dnnl_engine_create(&engine, dnnl_cpu, 0));
  CHECK(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags));
  dnnl_dim_t image[] = {batch, 3, 227, 227};
  blob_desc = make_desc(4, image, dnnl_nchw);
  blob = make_memory(&blob_desc, 100);

  convolution("conv1", 96, 11, 4, 0, 1);
  if (pools_first) pooling();
  normalization();
  if (!pools_first) pooling();
  convolution("conv2", 256, 5, 1, 2, 2);
  if (pools_first) pooling();
  normalization();
  if (!pools_first) pooling();
  convolution("conv3", 384, 3, 1, 1, 1);
  convolution("conv4", 384, 3, 1, 1, 2);
  convolution("conv5", 256, 3, 1, 1, 2);
  pooling();
  fully_connected("fc6", 4096, 1);
  fully_connected("fc7", 4096, 1);
  fully_connected("fc8", 1000, 0);
  softmax();

  for (int i = 0; i < 3; i++) forward();
  double *times = malloc((size_t)runs * sizeof *times);
  for (int i = 0; i < runs; i++) {
    double start = now();
    forward();
    times[i] = now() - start;
  }
  qsort(times, (size_t)runs, sizeof *times, compare);
  printf("%.3f\n", times[(runs - 1) / 2]);
  return 0;
}
