#include "CSupport.h"

#define BIND(prefix, result, name, parameters)                                    \
  api->name = (result(*) parameters)alex_library_symbol(library, prefix #name);   \
  if (!api->name) return prefix #name;

const char *alex_jpeg_bind(void *library, alex_jpeg_api *api) {
#define BIND_JPEG(result, name, parameters) BIND("tj", result, name, parameters)
  ALEX_JPEG_FUNCTIONS(BIND_JPEG)
  return NULL;
}

const char *alex_png_bind(void *library, alex_png_api *api) {
#define BIND_PNG(result, name, parameters) BIND("png_", result, name, parameters)
  ALEX_PNG_FUNCTIONS(BIND_PNG)
  return NULL;
}

// The declarations against the libraries' own, where these are installed.
#define SAME(mine, theirs) _Static_assert((long)(mine) == (long)(theirs), #theirs)

#if defined(__has_include)
#if __has_include(<turbojpeg.h>)
#include <turbojpeg.h>
#if defined(TJFLAG_LIMITSCANS)
SAME(ALEX_JPEG_RGB, TJPF_RGB);
SAME(ALEX_JPEG_CMYK, TJPF_CMYK);
SAME(ALEX_JPEG_SPACE_CMYK, TJCS_CMYK);
SAME(ALEX_JPEG_SPACE_YCCK, TJCS_YCCK);
SAME(ALEX_JPEG_FLAGS, TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS);
SAME(ALEX_JPEG_WARNING, TJERR_WARNING);
#endif
#endif
#if __has_include(<png.h>)
#include <png.h>
#if defined(PNG_SIMPLIFIED_READ_SUPPORTED)
SAME(sizeof(alex_png_image), sizeof(png_image));
SAME(offsetof(alex_png_image, width), offsetof(png_image, width));
SAME(offsetof(alex_png_image, format), offsetof(png_image, format));
SAME(offsetof(alex_png_image, flags), offsetof(png_image, flags));
SAME(offsetof(alex_png_image, warning_or_error), offsetof(png_image, warning_or_error));
SAME(offsetof(alex_png_image, message), offsetof(png_image, message));
SAME(ALEX_PNG_VERSION, PNG_IMAGE_VERSION);
SAME(ALEX_PNG_RGB, PNG_FORMAT_RGB);
SAME(ALEX_PNG_RGBA, PNG_FORMAT_RGBA);
SAME(ALEX_PNG_16_BIT_SRGB, PNG_IMAGE_FLAG_16BIT_sRGB);
#endif
#endif
#endif
