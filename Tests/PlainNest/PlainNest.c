#include "PlainNest.h"

#include <float.h>
#include <math.h>

static long least(long a, long b) { return a < b ? a : b; }
static long most(long a, long b) { return a > b ? a : b; }

// Rows of a window from the first that lies inside the input, or columns.
static long first_inside(long start, long dilation) {
  return most(0, (dilation - 1 - start) / dilation);
}

// To the one behind the last.
static long end_inside(long kernel, long start, long dilation, long size) {
  return least(kernel, (size - start + dilation - 1) / dilation);
}

void plain_convolution(
  PlainWindow window, long groups, const float *weight, const float *bias, const float *x,
  PlainAxes input, float *y, PlainAxes output) {
  PlainExtent kernel = window.kernel, stride = window.stride, pad = window.pad;
  PlainExtent dilation = window.dilation;
  long channels = input.c / groups, outputs = output.c / groups;
  for (long n = 0; n < output.n; n++)
    for (long k = 0; k < output.c; k++)
      for (long p = 0; p < output.h; p++) {
        long h = p * stride.h - pad.h;
        long r_first = first_inside(h, dilation.h);
        long r_end = end_inside(kernel.h, h, dilation.h, input.h);
        for (long q = 0; q < output.w; q++) {
          long w = q * stride.w - pad.w;
          long s_first = first_inside(w, dilation.w);
          long s_end = end_inside(kernel.w, w, dilation.w, input.w);
          float sum = bias ? bias[k] : 0;
          for (long c = 0; c < channels; c++)
            for (long r = r_first; r < r_end; r++)
              for (long s = s_first; s < s_end; s++)
                sum += weight[((k * channels + c) * kernel.h + r) * kernel.w + s] *
                       x[((n * input.c + k / outputs * channels + c) * input.h + h +
                          r * dilation.h) * input.w + w + s * dilation.w];
          y[((n * output.c + k) * output.h + p) * output.w + q] = sum;
        }
      }
}

void plain_inner_product(
  long items, long count, long outputs, const float *weight, const float *bias, const float *x,
  float *y) {
  for (long m = 0; m < items; m++)
    for (long k = 0; k < outputs; k++) {
      float sum = bias ? bias[k] : 0;
      for (long c = 0; c < count; c++) sum += weight[k * count + c] * x[m * count + c];
      y[m * outputs + k] = sum;
    }
}

void plain_relu(float slope, const float *x, long count, float *y) {
  for (long i = 0; i < count; i++)
    y[i] = (0 >= x[i] ? 0 : x[i]) + slope * (0 < x[i] ? 0 : x[i]);
}

void plain_maximum_pooling(
  PlainWindow window, const float *x, PlainAxes input, float *y, PlainAxes output) {
  PlainExtent kernel = window.kernel, stride = window.stride, pad = window.pad;
  for (long plane = 0; plane < output.n * output.c; plane++)
    for (long p = 0; p < output.h; p++)
      for (long q = 0; q < output.w; q++) {
        long h = p * stride.h - pad.h, w = q * stride.w - pad.w;
        long r_end = end_inside(kernel.h, h, 1, input.h);
        long s_first = first_inside(w, 1), s_end = end_inside(kernel.w, w, 1, input.w);
        float maximum = -FLT_MAX;
        for (long r = first_inside(h, 1); r < r_end; r++)
          for (long s = s_first; s < s_end; s++) {
            float value = x[(plane * input.h + h + r) * input.w + w + s];
            maximum = value > maximum ? value : maximum;
          }
        y[(plane * output.h + p) * output.w + q] = maximum;
      }
}

void plain_average_pooling(
  PlainWindow window, const float *x, PlainAxes input, float *y, PlainAxes output) {
  PlainExtent kernel = window.kernel, stride = window.stride, pad = window.pad;
  for (long plane = 0; plane < output.n * output.c; plane++)
    for (long p = 0; p < output.h; p++)
      for (long q = 0; q < output.w; q++) {
        long h = p * stride.h - pad.h, w = q * stride.w - pad.w;
        long r_end = end_inside(kernel.h, h, 1, input.h);
        long s_first = first_inside(w, 1), s_end = end_inside(kernel.w, w, 1, input.w);
        float sum = 0;
        for (long r = first_inside(h, 1); r < r_end; r++)
          for (long s = s_first; s < s_end; s++)
            sum += x[(plane * input.h + h + r) * input.w + w + s];
        long size = (least(h + kernel.h, input.h + pad.h) - h) *
                    (least(w + kernel.w, input.w + pad.w) - w);
        y[(plane * output.h + p) * output.w + q] = sum / (float)size;
      }
}

void plain_masked_pooling(
  PlainWindow window, const float *x, PlainAxes input, float *y, float *mask, PlainAxes output) {
  PlainExtent kernel = window.kernel, stride = window.stride, pad = window.pad;
  for (long plane = 0; plane < output.n * output.c; plane++)
    for (long p = 0; p < output.h; p++)
      for (long q = 0; q < output.w; q++) {
        long h = p * stride.h - pad.h, w = q * stride.w - pad.w;
        long r_end = end_inside(kernel.h, h, 1, input.h);
        long s_first = first_inside(w, 1), s_end = end_inside(kernel.w, w, 1, input.w);
        float maximum = -FLT_MAX;
        long position = -1;
        for (long r = first_inside(h, 1); r < r_end; r++)
          for (long s = s_first; s < s_end; s++) {
            float value = x[(plane * input.h + h + r) * input.w + w + s];
            if (value > maximum) {
              maximum = value;
              position = (h + r) * input.w + w + s;
            }
          }
        y[(plane * output.h + p) * output.w + q] = maximum;
        mask[(plane * output.h + p) * output.w + q] = (float)position;
      }
}

void plain_lrn_across(
  long size, float alpha, float beta, float k, const float *x, PlainAxes input, float *y) {
  long half = (size - 1) / 2, pixels = input.h * input.w;
  for (long n = 0; n < input.n; n++)
    for (long c = 0; c < input.c; c++) {
      long end = least(c + half + 1, input.c);
      for (long pixel = 0; pixel < pixels; pixel++) {
        float sum = 0;
        for (long i = most(c - half, 0); i < end; i++) {
          float value = x[(n * input.c + i) * pixels + pixel];
          sum += value * value;
        }
        float scale = k + alpha / (float)size * sum;
        long index = (n * input.c + c) * pixels + pixel;
        y[index] = x[index] * powf(scale, -beta);
      }
    }
}

void plain_lrn_within(
  long size, float alpha, float beta, const float *x, PlainAxes input, float *y) {
  long half = (size - 1) / 2;
  for (long plane = 0; plane < input.n * input.c; plane++)
    for (long h = 0; h < input.h; h++)
      for (long w = 0; w < input.w; w++) {
        long r_end = least(h + half + 1, input.h), s_end = least(w + half + 1, input.w);
        float sum = 0;
        for (long r = most(h - half, 0); r < r_end; r++)
          for (long s = most(w - half, 0); s < s_end; s++) {
            float value = x[(plane * input.h + r) * input.w + s];
            sum += value * value;
          }
        float scale = 1 + alpha / (float)(size * size) * sum;
        long index = (plane * input.h + h) * input.w + w;
        y[index] = x[index] * powf(scale, -beta);
      }
}

void plain_softmax(PlainAxis axis, const float *x, float *y) {
  for (long outer = 0; outer < axis.outer; outer++)
    for (long inner = 0; inner < axis.inner; inner++) {
      long first = outer * axis.count * axis.inner + inner;
      float maximum = x[first];
      for (long j = 0; j < axis.count; j++) {
        float value = x[first + j * axis.inner];
        maximum = value >= maximum ? value : maximum;
      }
      float sum = 0;
      for (long j = 0; j < axis.count; j++) sum += expf(x[first + j * axis.inner] - maximum);
      for (long j = 0; j < axis.count; j++)
        y[first + j * axis.inner] = expf(x[first + j * axis.inner] - maximum) / sum;
    }
}

void plain_power(float power, float scale, float shift, const float *x, long count, float *y) {
  for (long i = 0; i < count; i++) {
    float base = scale == 0 ? shift : shift + scale * x[i];
    y[i] = power == 0 ? 1 : power == 1 ? base : powf(base, power);
  }
}

void plain_sigmoid(const float *x, long count, float *y) {
  for (long i = 0; i < count; i++) y[i] = 1 / (1 + expf(-x[i]));
}

void plain_tanh(const float *x, long count, float *y) {
  for (long i = 0; i < count; i++) y[i] = tanhf(x[i]);
}

void plain_scale(float factor, const float *x, long count, float *y) {
  for (long j = 0; j < count; j++) y[j] = factor * x[j];
}

void plain_add(float factor, const float *x, long count, float *y) {
  for (long j = 0; j < count; j++) y[j] += factor * x[j];
}

void plain_multiply(const float *x, long count, float *y) {
  for (long j = 0; j < count; j++) y[j] *= x[j];
}

void plain_maximum(const float *x, long count, float *y) {
  for (long j = 0; j < count; j++) y[j] = x[j] > y[j] ? x[j] : y[j];
}

void plain_copy(const float *x, long count, float *y) {
  for (long j = 0; j < count; j++) y[j] = x[j];
}

float plain_squared_distance(const float *a, const float *b, long count) {
  float sum = 0;
  for (long i = 0; i < count; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}
