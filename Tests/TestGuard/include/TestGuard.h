#ifndef TEST_GUARD_H
#define TEST_GUARD_H

// The folder for temporary files of this test process; TMPDIR of it and of all that it starts.
const char *alex_test_folder(void);

#endif
