/* ask.h - questions to a person at a terminal. */
#ifndef SG_CLI_ASK_H
#define SG_CLI_ASK_H

#include <stdbool.h>

bool sg_ask_person(void);   /* somebody can read questions and type answers */
bool sg_ask_progress(void); /* stderr is a terminal */
/* Prints "question [otherwise]: " to stderr; the line without its end, or a copy of `otherwise` when it is empty or there is none. Owned by the caller. */
char *sg_ask_line(const char *question, const char *otherwise);

#endif
