/* drive_files.h - the texts of the files on a test drive, with "\n" for every newline; drive.c writes them with CRLF. */
#ifndef SG_TESTS_LIB_DRIVE_FILES_H
#define SG_TESTS_LIB_DRIVE_FILES_H

extern const char t_file_apphost_sections
        []; /* applicationHost.config in three parts: C limits the length of one string */
extern const char t_file_apphost_sites[];
extern const char t_file_apphost_rest[];
extern const char t_file_wwwroot[];
extern const char t_file_owa[];
extern const char t_file_ecp[];
extern const char t_file_back_owa[];
extern const char t_file_rewrite_schema[];

#endif
