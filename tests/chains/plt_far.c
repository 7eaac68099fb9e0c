// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Functions of another library, reached through PLT stubs.
 */
void far_stub(void);
void far_first_stub(void);
void far_resolver(void);
void far_deeper(void);

void far_stub(void)
{
}

void far_first_stub(void)
{
}

void far_resolver(void)
{
}

void far_deeper(void)
{
}
