/* keeper_main.c - a process that stays: Wine ends its services when the last ordinary process is gone. */
#include <windows.h>

int main(void)
{
	Sleep(INFINITE);
	return 0;
}
