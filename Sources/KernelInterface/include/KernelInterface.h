// What crosses the boundary of an instruction set: pointers and integers only.
//
// Terms: a block is 16 channels next to each other (layout nChw16c); an output tile is
// KernelTable.output_tile channels, two vector registers, by some pixels. All strides are in floats.
#ifndef ALEXBENCH_KERNEL_INTERFACE_H
#define ALEXBENCH_KERNEL_INTERFACE_H

#include <stddef.h>
#include <stdint.h>

// Asks for a cache line ahead of its use.
static inline void kernel_prefetch(const void *_Nonnull address) { __builtin_prefetch(address); }

// The same into the second-level cache only.
static inline void kernel_prefetch_far(const void *_Nonnull address) {
  __builtin_prefetch(address, 0, 2);
}

// A clock of constant rate in some unit, the cheapest one that there is: for shares of a time, not
// for times.
static inline int64_t kernel_ticks(void) {
#if defined(__x86_64__)
  return (int64_t)__builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  int64_t ticks;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#else
  return 0;
#endif
}
// Keeps the compiler from moving loads and stores across it; no instruction.
static inline void kernel_keep_order(void) { __asm__ volatile("" ::: "memory"); }

// Zeros to start a register tile from, as many as the largest one has in half of its vectors.
static inline const void *_Nonnull kernel_zeros(void) {
  static const float zeros[14 * 16] __attribute__((aligned(64)));
  return zeros;
}

// For each lane of `here` the sum of the two lanes before it and the two behind it, in a row of three
// vectors; one function for each width of a vector. In C because Swift has no shuffle of two vectors, and
// the compiler does not find it in copies of lanes.
#define KERNEL_NEIGHBOURS(lanes)                                                                  \
  typedef float KernelVector##lanes __attribute__((ext_vector_type(lanes)));                      \
  static inline KernelVector##lanes kernel_neighbours_##lanes(                                    \
      KernelVector##lanes before, KernelVector##lanes here, KernelVector##lanes after) {          \
    return (__builtin_shufflevector(before, here, KERNEL_LANES_##lanes(lanes - 1)) +              \
            __builtin_shufflevector(here, after, KERNEL_LANES_##lanes(1))) +                      \
           (__builtin_shufflevector(before, here, KERNEL_LANES_##lanes(lanes - 2)) +              \
            __builtin_shufflevector(here, after, KERNEL_LANES_##lanes(2)));                       \
  }
// Halves (IEEE 754 binary16) as floats. Without an instruction for it by integers: the bits of a half, moved
// to where a float has them, are 2^-112 of its value, subnormal ones included.
#if defined(__F16C__)
#define KERNEL_HALVES(lanes)                                                                      \
  typedef _Float16 KernelHalves##lanes __attribute__((ext_vector_type(lanes), aligned(2)));       \
  static inline KernelVector##lanes kernel_halves_##lanes(const void *_Nonnull halves) {          \
    return __builtin_convertvector(*(const KernelHalves##lanes *)halves, KernelVector##lanes);    \
  }
#else
#define KERNEL_HALVES(lanes)                                                                      \
  typedef uint16_t KernelHalves##lanes __attribute__((ext_vector_type(lanes), aligned(2)));       \
  typedef uint32_t KernelBits##lanes __attribute__((ext_vector_type(lanes)));                     \
  static inline KernelVector##lanes kernel_halves_##lanes(const void *_Nonnull halves) {          \
    const KernelBits##lanes bits =                                                                \
        __builtin_convertvector(*(const KernelHalves##lanes *)halves, KernelBits##lanes);         \
    const KernelBits##lanes signs = (bits & 0x8000) << 16;                                        \
    const KernelVector##lanes sizes = (KernelVector##lanes)((bits & 0x7fff) << 13) * 0x1p112f;    \
    return (KernelVector##lanes)((KernelBits##lanes)sizes | signs);                               \
  }
#endif
#define KERNEL_LANES_4(first) first, first + 1, first + 2, first + 3
#define KERNEL_LANES_8(first) KERNEL_LANES_4(first), KERNEL_LANES_4(first + 4)
#define KERNEL_LANES_16(first) KERNEL_LANES_8(first), KERNEL_LANES_8(first + 8)
#if defined(__AVX512F__)
KERNEL_NEIGHBOURS(16)
KERNEL_HALVES(16)
#elif defined(__AVX2__)
KERNEL_NEIGHBOURS(8)
KERNEL_HALVES(8)
#else
KERNEL_NEIGHBOURS(4)
KERNEL_HALVES(4)
#endif

// A kernel: one thread's share of a step, described by an argument block that was filled in once,
// when the step was bound.
typedef void (*KernelFunction)(const void *_Nonnull arguments);

// A run of neighbouring output pixels of one row that are kept in registers together.
typedef struct {
  int32_t first;  // output column
  int32_t width;
  int32_t first_run, run_count;  // of its taps
} PixelTile;

// Neighbouring taps of a filter row that a tile of pixels treats alike, so that one loop runs over
// them and their channels.
typedef struct {
  int32_t offset;  // of the first tap for the tile's first pixel, in floats
  int32_t taps;
  // Which pixels of the tile lie inside the input for these taps: 0 all, 1 or 2 all but as many first,
  // 3 or 4 all but one or two last.
  int32_t edge;
} TapRun;

// Direct convolution, and everything that is one: matrix products are convolutions with a 1x1
// kernel over rows of pixels.
typedef struct {
  const float *_Nonnull input;
  // Packed [group][output tile][channel block][r][s][channel in block][output_tile].
  const float *_Nonnull weights;
  const float *_Nonnull bias;  // [group][output tile][output_tile]
  float *_Nonnull output;
  float floor;  // outputs below are raised to it: 0 is ReLU, -infinity nothing

  // This thread's items of the space [group][output tile][image][output row], for the planar kernel
  // [image][output row][output tile].
  int64_t first_item, last_item;
  int32_t tiles_per_group, images, output_rows;

  int64_t input_image_stride, input_group_stride, input_block_stride, input_row_stride;
  int64_t output_image_stride, output_group_stride, output_block_stride, output_row_stride;
  int64_t output_pixel_stride;

  int32_t channel_blocks;  // per group
  int32_t channels_per_block;
  int32_t taps_r, taps_s;
  int32_t stride_h, dilation_h, pad_h, input_rows;  // rows outside the input are skipped
  int32_t outputs_per_group;  // a last output tile may be partly filled

  const PixelTile *_Nonnull pixel_tiles;
  int32_t pixel_tile_count;
  const TapRun *_Nonnull tap_runs;
} ConvolutionArguments;

// Fully connected for one image: streams the weights once.
//
// Weights are float32 or, for the kernels whose names end in half, IEEE 754 binary16 times a power of two:
// out = scale * (bias + sum of weights * input), where `bias` is the layer's over `scale`.
typedef struct {
  const float *_Nonnull input;   // [inputs]
  const void *_Nonnull weights;  // [output tile][input][output_tile]
  const float *_Nonnull bias;    // [output tile][output_tile]
  float *_Nonnull output;
  float scale;  // a power of two; 1 for float32
  float floor;
  int32_t inputs, outputs;
  int32_t first_tile, last_tile;  // this thread's
  int32_t streams;                // output tiles that are read side by side: 1, 2 or 4
  int32_t prefetch_distance;      // from what is read to what is asked for, in weights
} VectorProductArguments;

// Fully connected for several images: each weight read serves a tile of images.
typedef struct {
  const float *_Nonnull input;    // [tile of images][input / 16][image of the tile][16]
  const void *_Nonnull weights;   // [output tile][input][output_tile], whole sixteens of inputs
  const float *_Nonnull bias;     // [output tile][output_tile]
  float *_Nonnull output;         // [image][output]
  float *_Nonnull scratch;        // this thread's, [output tile][image][output_tile]
  float scale;                    // as in VectorProductArguments
  float floor;
  int32_t input_chunks;  // sixteens of inputs
  int32_t depth_blocks;  // into which they are cut; with 1, scratch is for one output tile
  int32_t images, outputs;
  const PixelTile *_Nonnull image_tiles;
  int32_t image_tile_count;
  int32_t first_tile, last_tile;  // this thread's
} MatrixProductArguments;

// Rearranges [image][input] into the input of a matrix product.
typedef struct {
  const float *_Nonnull input;
  float *_Nonnull output;
  int32_t inputs;
  const PixelTile *_Nonnull image_tiles;
  int32_t image_tile_count;
  int32_t first_chunk, last_chunk;  // this thread's of inputs / 16
} PackImagesArguments;

// Element-wise max(x, 0) + slope * min(x, 0).
typedef struct {
  const float *_Nonnull input;
  float *_Nonnull output;
  int64_t count;  // of floats, this thread's
  float negative_slope;
} RectifyArguments;

// Maximum or average over windows of blocked channels.
typedef struct {
  const float *_Nonnull input;
  float *_Nonnull output;
  int32_t input_h, input_w, output_h, output_w;
  int32_t kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w;
  int32_t is_average;
  int64_t first_item, last_item;  // this thread's of [image][block][output row]
} PoolingArguments;

// Local response normalisation across blocked channels.
typedef struct {
  const float *_Nonnull input;
  float *_Nonnull output;
  // This thread's: [block][LRN_PIXELS][16], then [LRN_PIXELS][channels with half a window of zeros before
  // and behind].
  float *_Nonnull scratch;
  int32_t channels, pixels;  // pixels of one image
  int32_t half_window;  // size / 2
  float alpha_over_size, k, beta;
  int64_t first_item, last_item;  // this thread's of [image][group of LRN_PIXELS pixels]
} NormalizationArguments;
#define LRN_PIXELS 8

// Normalisation and pooling of a stage, in either order, one after the other over rows.
typedef struct {
  // Input, output and the items, here of [image][output row], stand in the pooling's block; those of
  // the normalisation's are not read, nor are its pixels.
  PoolingArguments pooling;
  NormalizationArguments normalization;
  int32_t normalizes_first;
  // This thread's, for all channel blocks: the normalised rows of one window, or one pooled row.
  float *_Nonnull rows;
} StageTailArguments;
// Kernels find the second block behind the first one.
_Static_assert(offsetof(StageTailArguments, normalization) == sizeof(PoolingArguments), "layout");

// Softmax over rows of `length` floats.
typedef struct {
  const float *_Nonnull input;
  float *_Nonnull output;
  int32_t length;
  int32_t first_row, last_row;  // this thread's
} SoftmaxArguments;

// Copies between row-major and blocked channels, with zero padding around, regrouping of channels
// and splitting of columns into stride phases.
//
// Blocked sides are [image][group][block][h][w][16], every group starting a block of its own; a
// blob of a network has one group.
typedef struct {
  const float *_Nonnull input;
  float *_Nonnull output;
  int32_t input_is_blocked, output_is_blocked;
  int32_t input_groups, output_groups;
  int32_t images, channels, h, w;  // of the input
  int32_t pad_h, pad_w;            // zeros before the first row and column of the output
  int32_t output_h, output_w;      // of the output, padding and phases included
  // Column x goes to phase x % phases, position x / phases; phases lie behind each other, each
  // output_w / phases wide. 1 keeps columns in order.
  int32_t phases;
  int64_t first_item, last_item;  // this thread's of [image][output group][output channel block]
} RepackArguments;

// Splits row-major images into stride phases for a stride of 4: pixel (4y + dy, 4x + dx) of channel
// c becomes lane 4 dy + dx of pixel (y, x) of block c. A convolution with stride 4 is one with
// stride 1 over the phases.
typedef struct {
  const float *_Nonnull input;   // [images][channels][h][w]
  float *_Nonnull output;        // [images][channels][output_h][output_w][16]
  int32_t h, w, pad_h, pad_w;    // of the input
  int32_t output_h, output_w;
  int64_t first_item, last_item;  // this thread's of [image][channel][output row]
} StridePhaseArguments;

// How outputs are cut into Winograd tiles. Those of the last row and of the last column may be short:
// smaller, without the frequencies of some points. A frequency is row * alpha + column.
//
// Tiles are numbered over all images, class by class (see winograd_class_tiles), so that each frequency
// has one run of neighbouring tiles.
typedef struct {
  int32_t alpha, outputs;    // side of a full tile, in and out, in pixels
  int32_t tiles_h, tiles_w;  // per image
  int32_t last_h, last_w;    // side in of the tiles of the last row and column; alpha where they are full
  int32_t images;
  int32_t first_tile, tile_count;  // of the block in work
} WinogradTiles;

// Neighbouring tiles of the block in work, counted from its first.
typedef struct {
  int32_t first, end;
} WinogradRun;

static inline int32_t winograd_full_rows(WinogradTiles t) {
  return t.last_h < t.alpha ? t.tiles_h - 1 : t.tiles_h;
}

static inline int32_t winograd_full_columns(WinogradTiles t) {
  return t.last_w < t.alpha ? t.tiles_w - 1 : t.tiles_w;
}

// Number of the first tile of a class, 0 to 4, where 4 ends the last one.
static inline int32_t winograd_class_start(WinogradTiles t, int32_t class_) {
  const int32_t rows = winograd_full_rows(t), columns = winograd_full_columns(t);
  const int32_t in_full_rows = class_ == 0 ? 0 : class_ == 1 ? t.tiles_w - columns : t.tiles_w;
  const int32_t in_short_rows = class_ < 3 ? 0 : class_ == 3 ? columns : t.tiles_w;
  return t.images * (rows * in_full_rows + (t.tiles_h - rows) * in_short_rows);
}

static inline WinogradRun winograd_run(
    WinogradTiles t, int32_t first_class, int32_t end_class) {
  int32_t first = winograd_class_start(t, first_class) - t.first_tile;
  int32_t end = winograd_class_start(t, end_class) - t.first_tile;
  if (first < 0) first = 0;
  if (end > t.tile_count) end = t.tile_count;
  return (WinogradRun){first, end > first ? end : first};
}

// The tiles of a class: 0 full rows with a short column, 1 all full, 2 short rows with full columns, 3 both
// short.
static inline WinogradRun winograd_class_tiles(WinogradTiles t, int32_t class_) {
  return winograd_run(t, class_, class_ + 1);
}

// The first frequency of one dimension that tiles of side `last` do not have: points alone, of which there
// is one where alpha is odd, and infinity come last and are never left out.
static inline int32_t winograd_first_left_out(WinogradTiles t, int32_t last) {
  return last - 1 - t.alpha % 2;
}

static inline int32_t winograd_leaves_out(
    WinogradTiles t, int32_t last, int32_t index) {
  const int32_t first = winograd_first_left_out(t, last);
  return index >= first && index < first + t.alpha - last;
}

// The tiles that have a frequency.
static inline WinogradRun winograd_frequency_tiles(
    WinogradTiles t, int32_t frequency) {
  if (t.last_h == t.alpha && t.last_w == t.alpha) return (WinogradRun){0, t.tile_count};
  const int32_t full_rows = winograd_leaves_out(t, t.last_h, frequency / t.alpha);
  const int32_t full_columns = winograd_leaves_out(t, t.last_w, frequency % t.alpha);
  return winograd_run(t, full_columns ? 1 : 0, full_rows ? 2 : full_columns ? 3 : 4);
}

// The numbers of a one-dimensional transform for full tiles, and for those of the last row and column.
typedef struct {
  const float *_Nonnull full, *_Nonnull last_h, *_Nonnull last_w;
} WinogradNumbers;

// Winograd convolution, first part: tiles of the input into the frequency domain.
typedef struct {
  const float *_Nonnull input;  // blocked
  float *_Nonnull output;       // [frequency][group][channel block][tile][16]
  float *_Nonnull scratch;      // this thread's, alpha * alpha * 16 long
  WinogradNumbers coefficients;
  WinogradTiles tiles;
  int32_t input_h, input_w, pad_h, pad_w;
  int32_t channel_blocks;       // all groups together
  int64_t input_image_stride, input_block_stride;
  int64_t frequency_stride, block_stride;  // of the output
  int64_t first_item, last_item;  // this thread's of [channel block][tile]
} WinogradInputArguments;

// Winograd convolution, second part: the products, frequency by frequency, and the transform of
// their sums into output pixels.
typedef struct {
  const float *_Nonnull input;    // as WinogradInputArguments.output
  const float *_Nonnull weights;  // [group][output tile][frequency][channel][output_tile]
  const float *_Nonnull bias;     // [group][output tile][output_tile]
  float *_Nonnull products;       // this thread's, [frequency][tile][output_tile]
  float *_Nonnull output;         // blocked
  float *_Nonnull scratch;        // this thread's, alpha * alpha * output_tile long
  WinogradNumbers coefficients;
  WinogradTiles tiles;
  float floor;
  int32_t output_h, output_w;
  int32_t groups, tiles_per_group, outputs_per_group;
  int32_t channel_blocks;         // per group
  int32_t channels_per_block;     // 16, but not known to the compiler: it would unroll by it
  int64_t frequency_stride, group_stride, block_stride;  // of the input
  int64_t output_image_stride, output_block_stride;
  int64_t products_frequency_stride;
  int32_t tile_part;              // tiles that one item covers
  int64_t first_item, last_item;  // this thread's of [group][output tile][part of the tiles]
  // Where not NULL: ticks spent so far in the products [0] and in the transform [1].
  int64_t *_Nullable ticks;
} WinogradOutputArguments;

// Roof probe: as many multiply-adds as the processor can do. Each of KernelTable.probe_accumulators
// vectors becomes vector * factor + addend, `rounds` times over.
typedef struct {
  // This thread's vectors before and after. They are read so that the compiler cannot know them
  // equal, and written so that it cannot leave them out.
  float *_Nonnull values;
  float factor, addend;
  int64_t rounds;
} MultiplyAddProbeArguments;

// Roof probe: reads `count` floats, `passes` times over, and adds up their bits as int32.
typedef struct {
  const float *_Nonnull input;  // this thread's
  int64_t count;                // a multiple of streams * READ_PROBE_FLOATS
  int64_t passes;
  int32_t streams;              // parts of the input, one behind the other, that are read side by side
  int32_t prefetch_distance;    // floats from what is read to what is asked for; 0 to leave it out
  int32_t *_Nonnull sums;       // this thread's, `lanes` long
} ReadProbeArguments;
#define READ_PROBE_FLOATS 128
// Matrix products Y = W X + bias over row-major matrices, one per group: how their operands lie.
//
// A row panel is at most pixel_tile rows of W and Y, a column panel output_tile columns of X and Y;
// panel i of n row panels starts at row rows * i / n. A depth block b of n, columns of W and rows
// of X, starts at 16 * (ceil(depth / 16) * b / n).

// Copies column panels of row-major matrices.
typedef struct {
  const float *_Nonnull input;  // [group][depth][columns]
  float *_Nonnull output;       // [group][depth block][column panel][row of the block][output_tile]
  int32_t depth, columns;       // per group
  int32_t depth_blocks;
  int64_t first_item, last_item;  // this thread's of [group][column panel][depth block]
} PackColumnsArguments;

// Some row panels of one column panel.
typedef struct {
  int32_t group, column_panel;
  int32_t first_row_panel, last_row_panel;
} PanelStrip;

typedef struct {
  // [group][depth block][row panel][depth / 16][row of the panel][16], each block filled up to 16.
  const float *_Nonnull weights;
  const float *_Nonnull packed_columns;  // as PackColumnsArguments.output
  const float *_Nonnull bias;            // [group][row]
  float *_Nonnull output;                // [group][row][columns]
  // This thread's, [pixel_tile][output_tile]: a tile that reaches beyond the last column.
  float *_Nonnull scratch;
  int32_t rows, depth, columns;  // per group
  int32_t row_panels, depth_blocks;
  const PanelStrip *_Nonnull strips;  // this thread's
  int32_t strip_count;
} PanelProductArguments;

// The kernels of one instruction set, with the tile sizes that they are built for.
typedef struct __attribute__((swift_attr("@Sendable"))) {
  const char *_Nonnull isa_name;
  int32_t lanes;             // floats in a vector register
  int32_t output_tile;       // output channels of a register tile
  int32_t pixel_tile;        // most pixels of a register tile
  int32_t edge_pixel_tile;   // least pixels of a tile that can skip padding columns
  int32_t probe_accumulators;  // vectors of multiply_add_probe

  // ConvolutionArguments; from one output pixel to the next the input moves by 16 floats (blocked
  // channels, stride 1), or by 4 (row-major, stride 4, where a "block" is a channel and its
  // "channels" are the columns of the filter: conv1).
  KernelFunction _Nonnull convolution_block;
  KernelFunction _Nonnull convolution_four;
  KernelFunction _Nonnull vector_product, vector_product_half;  // VectorProductArguments
  KernelFunction _Nonnull matrix_product, matrix_product_half;  // MatrixProductArguments
  KernelFunction _Nonnull pack_images;         // PackImagesArguments
  KernelFunction _Nonnull rectify;             // RectifyArguments
  KernelFunction _Nonnull pooling;             // PoolingArguments
  KernelFunction _Nonnull normalization;       // NormalizationArguments
  KernelFunction _Nonnull stage_tail;          // StageTailArguments
  KernelFunction _Nonnull softmax;             // SoftmaxArguments
  KernelFunction _Nonnull repack;              // RepackArguments
  KernelFunction _Nonnull stride_phases;       // StridePhaseArguments
  KernelFunction _Nonnull winograd_input;      // WinogradInputArguments
  KernelFunction _Nonnull winograd_output;     // WinogradOutputArguments
  // The two parts of winograd_output, for products of all output tiles that are kept together:
  // [group][output tile][frequency][tile][output_tile].
  KernelFunction _Nonnull winograd_products;   // the same; items are [frequency][group][output tile]
  KernelFunction _Nonnull winograd_transform;  // the same
  KernelFunction _Nonnull multiply_add_probe;  // MultiplyAddProbeArguments
  KernelFunction _Nonnull read_probe;          // ReadProbeArguments
  KernelFunction _Nonnull pack_columns;        // PackColumnsArguments
  KernelFunction _Nonnull panel_product;       // PanelProductArguments
} KernelTable;

#endif
