/* folder_lab.h - an empty folder for a test program's files, gone when it ends. */
#ifndef SG_TESTS_LIB_FOLDER_LAB_H
#define SG_TESTS_LIB_FOLDER_LAB_H

/* cmocka's set-up and tear-down of a group. */
int t_folder_make(void **state);
int t_folder_remove(void **state);

const char *t_folder(void);

/* A path in that folder; the last eight are kept. */
const char *t_at(const char *name);

/* A file of this text, made by sg_os_create(); and that a file has this text. */
void t_put(const char *path, const char *text);
void assert_holds(const char *path, const char *text);

#endif
