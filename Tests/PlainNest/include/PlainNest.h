#ifndef PLAIN_NEST_H
#define PLAIN_NEST_H

// The layers of backend `naive` in C: the same loop nests, in the same order of sums, so that both give
// the same values, and one can be timed against the other.

typedef struct {
  long n, c, h, w;
} PlainAxes;

typedef struct {
  long h, w;
} PlainExtent;

// A window that moves over the input.
typedef struct {
  PlainExtent kernel, stride, pad, dilation;
} PlainWindow;

// What lies before an axis, its length, what lies behind it.
typedef struct {
  long outer, count, inner;
} PlainAxis;

// `bias` may be NULL.
void plain_convolution(
  PlainWindow window, long groups, const float *_Nonnull weight, const float *_Nullable bias,
  const float *_Nonnull x, PlainAxes input, float *_Nonnull y, PlainAxes output);
void plain_inner_product(
  long items, long count, long outputs, const float *_Nonnull weight, const float *_Nullable bias,
  const float *_Nonnull x, float *_Nonnull y);
void plain_relu(float slope, const float *_Nonnull x, long count, float *_Nonnull y);
void plain_maximum_pooling(
  PlainWindow window, const float *_Nonnull x, PlainAxes input, float *_Nonnull y,
  PlainAxes output);
void plain_average_pooling(
  PlainWindow window, const float *_Nonnull x, PlainAxes input, float *_Nonnull y,
  PlainAxes output);
void plain_masked_pooling(
  PlainWindow window, const float *_Nonnull x, PlainAxes input, float *_Nonnull y,
  float *_Nonnull mask, PlainAxes output);
void plain_lrn_across(
  long size, float alpha, float beta, float k, const float *_Nonnull x, PlainAxes input,
  float *_Nonnull y);
void plain_lrn_within(
  long size, float alpha, float beta, const float *_Nonnull x, PlainAxes input,
  float *_Nonnull y);
void plain_softmax(PlainAxis axis, const float *_Nonnull x, float *_Nonnull y);
void plain_power(
  float power, float scale, float shift, const float *_Nonnull x, long count, float *_Nonnull y);
void plain_sigmoid(const float *_Nonnull x, long count, float *_Nonnull y);
void plain_tanh(const float *_Nonnull x, long count, float *_Nonnull y);
// What eltwise and concat are made of.
void plain_scale(float factor, const float *_Nonnull x, long count, float *_Nonnull y);
void plain_add(float factor, const float *_Nonnull x, long count, float *_Nonnull y);
void plain_multiply(const float *_Nonnull x, long count, float *_Nonnull y);
void plain_maximum(const float *_Nonnull x, long count, float *_Nonnull y);
void plain_copy(const float *_Nonnull x, long count, float *_Nonnull y);
float plain_squared_distance(const float *_Nonnull a, const float *_Nonnull b, long count);

#endif
