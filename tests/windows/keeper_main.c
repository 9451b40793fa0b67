/* keeper_main.c - a process that stays, and says when it has begun to: Wine ends its services when the last ordinary process is gone. */
#include <windows.h>

#include <stdio.h>

int main(void)
{
	puts("kept");
	fflush(stdout);
	Sleep(INFINITE);
	return 0;
}
