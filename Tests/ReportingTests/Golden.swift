/// What the tables print, looked at by eye.
enum Golden {
  static let terminal = """
    alexnet, batch 2, 1 thread
                      naive   im2col-openblas   im2col-blis        winograd            simd
    layer        ms GFLOP/s        ms GFLOP/s    ms GFLOP/s      ms GFLOP/s      ms GFLOP/s
    ----------------------------------------------------------------------------------------
    conv1      812.3    0.5       9.877  42.7   8.765  48.1    4.000  105.4    4.000  105.4*
    relu1        0.4000 1.5       0.0612  9.5   0.0623  9.3    0.0310 →simd    0.0320  18.1*
    drop6        elided [1]        elided [1]    elided [1]      elided [1]      elided [1]
    fc6                                             skipped       fused [2]         skipped
    ----------------------------------------------------------------------------------------
    net       6123.5    0.5      98.77   29.4    failed [3]   45.68    63.5*  47.00    61.7
    images/s           0.33              20.3                          43.8            42.6
    * best of the row (median)
    →name the layer was handed to that backend, so it is not named best
    4 timed blocks were touched by other work; summary.csv has the medians without them
    (median_clean_ns)
    [1] dropout is the identity in inference
    [2] into conv1
    [3] nrmse 1.2e-2 on fc8 is above the limit of 1.0e-5

    warning: OPENBLAS_CORETYPE is set to Haswell

    """

  static let markdown = """
    ### alexnet, batch 2, 1 thread

    | layer | naive<br>ms GFLOP/s | im2col-openblas<br>ms GFLOP/s | im2col-blis<br>ms GFLOP/s | winograd<br>ms GFLOP/s | simd<br>ms GFLOP/s |
    | :-- | --: | --: | --: | --: | --: |
    | conv1 | 812.3 · 0.5 | 9.877 · 42.7 | 8.765 · 48.1 | 4.000 · 105.4 | **4.000 · 105.4** |
    | relu1 | 0.4000 · 1.5 | 0.0612 · 9.5 | 0.0623 · 9.3 | 0.0310 · →simd | **0.0320 · 18.1** |
    | drop6 | elided [1] | elided [1] | elided [1] | elided [1] | elided [1] |
    | fc6 |  |  | skipped | fused [2] | skipped |
    | net | 6123.5 · 0.5 | 98.77 · 29.4 | failed [3] | **45.68 · 63.5** | 47.00 · 61.7 |
    | images/s | 0.33 | 20.3 |  | 43.8 | 42.6 |

    - **bold** best of the row (median)
    - →name the layer was handed to that backend, so it is not named best
    - 4 timed blocks were touched by other work; summary.csv has the medians without them (median_clean_ns)
    - [1] dropout is the identity in inference
    - [2] into conv1
    - [3] nrmse 1.2e-2 on fc8 is above the limit of 1.0e-5

    > **Warning:** OPENBLAS_CORETYPE is set to Haswell


    """

  static let instructionSets = """
    alexnet, batch 2, 1 thread
                    simd         simd         blas
                    avx2     baseline
    layer     ms GFLOP/s   ms GFLOP/s   ms GFLOP/s
    -----------------------------------------------
    conv1         2.000 *      8.000        3.000
    drop6     elided [1]   elided [1]
    -----------------------------------------------
    net          20.00  *     80.00
    images/s         100         25.0
    * best of the row (median)
    [1] why


    """

  static let singleBackend = """
    alexnet, batch 2, 1 thread
                 simd
    layer  ms GFLOP/s
    ------------------
    conv1      1.000

    alexnet, batch 2, 2 threads
                 simd
    layer  ms GFLOP/s
    ------------------
    conv1     0.5000


    """

  static let roofLine = """
    alexnet, batch 2, 1 thread
               winograd           simd
    layer    ms GFLOP/s     ms GFLOP/s
    -----------------------------------
    conv1  2.000  210.8*  4.000  105.4
    relu1  0.0310 →simd   0.0320  18.1
    * best of the row (median)
    →name the layer was handed to that backend, so it is not named best
    roofs at 1 thread: fma 118 GFLOP/s (avx512), 118 (avx2), 30.2 (baseline); read L1 301, L2 120,
    L3 60.0, memory 32.1 GB/s


    """

  static let roofPercent = """
    alexnet, batch 2, 1 thread
                    winograd          simd
    layer           ms %roof      ms %roof
    ---------------------------------------
    conv1  2.000       178.8*  4.000  89.4
    relu1  0.0310 →simd 15.9   0.0320 15.4
    * best of the row (median)
    →name the layer was handed to that backend, so it is not named best
    %roof is the least time that peak arithmetic and the bandwidth of memory allow, over the median; it
    may be above 100 where an algorithm needs fewer operations
    roofs at 1 thread: fma 118 GFLOP/s (avx512), 118 (avx2), 30.2 (baseline); read L1 301, L2 120,
    L3 60.0, memory 32.1 GB/s


    """

  static let verify = """
    alexnet, batch 2, 1 thread
    layer  backend          isa      max abs error    nrmse    bound  verdict
    ----------------------------------------------------------------------------
    conv1  simd             avx2           1.2e-06  4.5e-08  3.3e-05  ok →simd
    conv2  im2col-openblas  haswell            nan        0  3.3e-05  failed [1]
    [1] error is 120 times the bound at n 0, k 3, p 1, q 2

    alexnet, batch 2, 2 threads
    layer  backend  isa       max abs error  nrmse  bound  verdict
    ----------------------------------------------------------------------
    conv2  blis     external                               unavailable [1]
    [1] libblis.so.4 cannot be opened

    """

  static let verifyMarkdown = """
    ### alexnet, batch 2, 1 thread

    | layer | backend | isa | max abs error | nrmse | bound | verdict |
    | :-- | :-- | :-- | --: | --: | --: | :-- |
    | conv1 | simd | avx2 | 1.2e-06 | 4.5e-08 | 3.3e-05 | ok →simd |
    | conv2 | im2col-openblas | haswell | nan | 0 | 3.3e-05 | failed [1] |

    [1] error is 120 times the bound at n 0, k 3, p 1, q 2

    ### alexnet, batch 2, 2 threads

    | layer | backend | isa | max abs error | nrmse | bound | verdict |
    | :-- | :-- | :-- | --: | --: | --: | :-- |
    | conv2 | blis | external |  |  |  | unavailable [1] |

    [1] libblis.so.4 cannot be opened

    """
}
