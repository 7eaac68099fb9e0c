// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stacks that are not just the caller's: signal handlers, threads, coroutines as QEMU makes them,
 * and code that no CFI describes.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "chain.h"
#include "shapes.h"

enum { STACK_SIZE = 256 << 10 };

static char *new_stack(void)
{
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	if (stack == MAP_FAILED)
		abort();
	return stack;
}

static SHAPE void on_signal(int number)
{
	touch((size_t)(number == SIGUSR1 ? 3 : 4));
	STAYS;
}

static SHAPE void shape_signal(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	STAYS;
}

static SHAPE void shape_altstack(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
	stack_t stack = {.ss_sp = new_stack(), .ss_size = STACK_SIZE};

	sigaltstack(&stack, NULL);
	sigaction(SIGUSR2, &action, NULL);
	raise(SIGUSR2);
	STAYS;
}

static volatile char *repaired;

static SHAPE void on_fault(int number)
{
	(void)number;
	touch(5);
	mprotect((void *)repaired, CHAIN_PAGE, PROT_READ | PROT_WRITE);
}

/* The interrupted PC is no return address: the first instruction of its function. */
SHAPE void faults_at_once(volatile char *p);
__asm__(".text\n"
	".p2align 4\n"
	".globl faults_at_once\n"
	".type faults_at_once, @function\n"
	"faults_at_once:\n"
	".cfi_startproc\n"
#ifdef __aarch64__
	"strb w0, [x0]\n"
#else
	"movb $1, (%rdi)\n"
#endif
	"ret\n"
	".cfi_endproc\n"
	".size faults_at_once, .-faults_at_once\n");

static SHAPE void shape_fault_signal(void)
{
	struct sigaction action = {.sa_handler = on_fault};

	repaired = new_stack();
	mprotect((void *)repaired, CHAIN_PAGE, PROT_NONE);
	sigaction(SIGSEGV, &action, NULL);
	faults_at_once(repaired);
	signal(SIGSEGV, SIG_DFL);
}

static SHAPE void *shape_thread(void *arg)
{
	touch(6);
	STAYS;
	return arg;
}

static SHAPE void threads(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, shape_thread, NULL))
		abort();
	pthread_join(thread, NULL);
}

static ucontext_t outside, inside;

static SHAPE void shape_context(void)
{
	touch(7);
	STAYS;
}

static SHAPE void contexts(void)
{
	getcontext(&inside);
	inside.uc_stack.ss_sp = new_stack();
	inside.uc_stack.ss_size = STACK_SIZE;
	inside.uc_link = &outside;
	makecontext(&inside, shape_context, 0);
	swapcontext(&outside, &inside);
}

/* As coroutine-ucontext.c of QEMU: started by a context, left and entered by jumps. */
static sigjmp_buf coroutine_env, creator_env;

static SHAPE void shape_coroutine(void)
{
	touch(8);
	STAYS;
}

static SHAPE void trampoline(void)
{
	if (!sigsetjmp(coroutine_env, 0))
		siglongjmp(creator_env, 1);
	shape_coroutine();
	siglongjmp(creator_env, 2);
}

static SHAPE void coroutines(void)
{
	getcontext(&inside);
	inside.uc_stack.ss_sp = new_stack();
	inside.uc_stack.ss_size = STACK_SIZE;
	inside.uc_link = &outside;
	makecontext(&inside, trampoline, 0);
	if (!sigsetjmp(creator_env, 0))
		swapcontext(&outside, &inside);
	if (!sigsetjmp(creator_env, 0))
		siglongjmp(coroutine_env, 1);
}

/* Writes where its argument points, and returns. */
#ifdef __aarch64__
static const unsigned char code[] = {0x00, 0x00, 0x00, 0x39, 0xc0, 0x03, 0x5f, 0xd6};
#else
static const unsigned char code[] = {0xc6, 0x07, 0x01, 0xc3};
#endif

static SHAPE void shape_jit(void)
{
	void *memory = mmap(NULL, CHAIN_PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void (*run)(char *);

	if (memory == MAP_FAILED)
		abort();
	memcpy(memory, code, sizeof(code));
	__builtin___clear_cache((char *)memory, (char *)memory + sizeof(code));
	memcpy(&run, &memory, sizeof(run));
	run(chain__fresh(1));
	STAYS;
}

void shapes_of_switches(void)
{
	shape_signal();
	shape_altstack();
	shape_fault_signal();
	threads();
	contexts();
	coroutines();
	shape_jit();

	chain__expect("shape_signal", 3, "complete", 0);
	chain__expect("shape_altstack", 4, "complete", 0);
	chain__expect("faults_at_once", 5, "complete", 0);
	chain__expect("shape_thread", 6, "complete", 0);
	chain__expect("shape_context", 7, "complete", 0);
	chain__expect("shape_coroutine", 8, "complete", 0);
	chain__expect("-", 1, "jit", 1);
}
