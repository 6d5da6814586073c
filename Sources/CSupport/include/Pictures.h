// The parts of libturbojpeg (2.0 and later) and of libpng 1.6 that decode images, declared here so
// that the build needs neither the libraries nor their headers. pictures.c compares them with the
// real headers where these are installed.
#ifndef ALEXBENCH_PICTURES_H
#define ALEXBENCH_PICTURES_H

#include <stddef.h>
#include <stdint.h>

enum {
  // TJPF: three bytes a pixel, and four of what a printer takes.
  ALEX_JPEG_RGB = 0,
  ALEX_JPEG_CMYK = 11,
  // TJCS
  ALEX_JPEG_SPACE_CMYK = 3,
  ALEX_JPEG_SPACE_YCCK = 4,
  // The transform that is exact to rounding, and an end to progressive files without end.
  ALEX_JPEG_FLAGS = 4096 | 32768,
  // TJERR_WARNING: the image was decoded, whatever its worth.
  ALEX_JPEG_WARNING = 0,

  ALEX_PNG_VERSION = 1,
  ALEX_PNG_RGB = 2,
  ALEX_PNG_RGBA = 3,
  // Take samples of 16 bits for what they are in all other files.
  ALEX_PNG_16_BIT_SRGB = 4,
};

// png_image
typedef struct {
  void *opaque;
  uint32_t version, width, height, format, flags, colormap_entries, warning_or_error;
  char message[64];
} alex_png_image;

// F(result, name without `tj`, parameters)
#define ALEX_JPEG_FUNCTIONS(F)                                                                     \
  F(void *, InitDecompress, (void))                                                                \
  F(int, DecompressHeader3,                                                                        \
    (void *handle, const unsigned char *bytes, unsigned long count, int *width, int *height,       \
     int *subsampling, int *colour_space))                                                         \
  F(int, Decompress2,                                                                              \
    (void *handle, const unsigned char *bytes, unsigned long count, unsigned char *destination,    \
     int width, int pitch, int height, int format, int flags))                                     \
  F(char *, GetErrorStr2, (void *handle))                                                          \
  F(int, GetErrorCode, (void *handle))                                                             \
  F(int, Destroy, (void *handle))

// F(result, name without `png_`, parameters)
#define ALEX_PNG_FUNCTIONS(F)                                                                      \
  F(int, image_begin_read_from_memory, (alex_png_image * image, const void *bytes, size_t count))  \
  F(int, image_finish_read,                                                                        \
    (alex_png_image * image, const void *background, void *destination, int32_t pitch,             \
     void *colour_map))                                                                            \
  F(void, image_free, (alex_png_image * image))

#define ALEX_PICTURE_FIELD(result, name, parameters) result(*name) parameters;
typedef struct {
  ALEX_JPEG_FUNCTIONS(ALEX_PICTURE_FIELD)
} alex_jpeg_api;
typedef struct {
  ALEX_PNG_FUNCTIONS(ALEX_PICTURE_FIELD)
} alex_png_api;
#undef ALEX_PICTURE_FIELD

// Fill `api` from an opened library. Return NULL, or the name of a function that is missing.
const char *alex_jpeg_bind(void *library, alex_jpeg_api *api);
const char *alex_png_bind(void *library, alex_png_api *api);

#endif
