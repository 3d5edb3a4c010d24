/* What does a process see that is killed, whose disk is full, or that may write no more, at its n-th touch of a folder?
 * Calls of libc, counted.
 * Loaded before libc (LD_PRELOAD). Nothing happens until faults_begin names a folder. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[4096];
static size_t length;
static long kill_at, full_from, refused_from, touches, writes;
static int halved, refusal;

/* refusal: EACCES where the folder takes no new names, EROFS where nothing may be written. */
void faults_begin(const char *path, long kill_touch, long full_write, long refused_touch, int error) {
    strncpy(folder, path, sizeof folder - 1);
    touches = writes = 0;
    kill_at = kill_touch, full_from = full_write, refused_from = refused_touch, refusal = error, halved = 0;
    length = strlen(folder);
}

long faults_touches(void) { return touches; }
long faults_writes(void) { return writes; }

static int inside(const char *path) {
    char here[4096];
    if (!length || !path) return 0;
    if (path[0] != '/') return getcwd(here, sizeof here) && !strncmp(here, folder, length);
    return !strncmp(path, folder, length);
}

static int holds(int descriptor) {
    char link[64], path[4096];
    if (!length) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t size = readlink(link, path, sizeof path - 1);
    return size > 0 && (path[size] = 0, path[0] == '/') && !strncmp(path, folder, length);
}

static void end(void) { kill(getpid(), SIGKILL); }
/* Count a touch; true where it is refused. */
static int touch(int counts) {
    if (!counts) return 0;
    long number = __atomic_add_fetch(&touches, 1, __ATOMIC_SEQ_CST);
    if (number == kill_at) end();
    if (!refused_from || number < refused_from) return 0;
    errno = refusal;
    return 1;
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = dlsym(RTLD_NEXT, #name)
/* Half of what is written arrives before a kill, and before a disk is full. */
#define WRITE(call, whole)                                                      \
    if (holds(descriptor)) {                                                    \
        size_t size = (whole);                                                  \
        long number = __atomic_add_fetch(&writes, 1, __ATOMIC_SEQ_CST);         \
        int last = touches + 1 == kill_at, full = full_from && number >= full_from; \
        ssize_t half = size / 2 && !halved && (last || full) ? call : 0;        \
        if (touch(1) && refusal == EROFS) return -1;                            \
        if (full) {                                                             \
            halved = 1;                                                         \
            if (half > 0) return half;                                          \
            errno = ENOSPC;                                                     \
            return -1;                                                          \
        }                                                                       \
    }

ssize_t write(int descriptor, const void *text, size_t count) {
    REAL(write);
    WRITE(real(descriptor, text, size / 2), count)
    return real(descriptor, text, count);
}
#define PWRITE(name, kind)                                                      \
    ssize_t name(int descriptor, const void *text, size_t count, kind at) {     \
        REAL(name);                                                             \
        WRITE(real(descriptor, text, size / 2, at), count)                      \
        return real(descriptor, text, count, at);                               \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)
ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    REAL(writev);
    WRITE(real(descriptor, parts, (int)(size / 2)), (size_t)count)
    return real(descriptor, parts, count);
}

#define OPEN(name)                                                              \
    int name(const char *path, int flags, ...) {                                \
        REAL(name);                                                             \
        mode_t mode = 0;                                                        \
        if (flags & (O_CREAT | O_TMPFILE)) {                                    \
            va_list rest;                                                       \
            va_start(rest, flags);                                              \
            mode = va_arg(rest, mode_t);                                        \
            va_end(rest);                                                       \
        }                                                                       \
        int writes_it = (flags & (O_CREAT | O_ACCMODE)) && inside(path);        \
        int there = refusal == EACCES && !access(path, F_OK) && !(flags & __O_TMPFILE); \
        if (touch(writes_it) && !there) { errno = refusal; return -1; }         \
        return real(path, flags, mode);                                         \
    }
OPEN(open)
OPEN(open64)

#define BY_DESCRIPTOR(name) int name(int descriptor) { REAL(name); (void)touch(holds(descriptor)); return real(descriptor); }
BY_DESCRIPTOR(fsync)
BY_DESCRIPTOR(fdatasync)
#define TRUNCATE(name, kind) int name(int descriptor, kind size) { REAL(name); return touch(holds(descriptor)) && refusal == EROFS ? -1 : real(descriptor, size); }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)
int rename(const char *from, const char *to) { REAL(rename); return touch(inside(from)) ? -1 : real(from, to); }
int link(const char *from, const char *to) { REAL(link); return touch(inside(from)) ? -1 : real(from, to); }
int linkat(int a, const char *from, int b, const char *to, int flags) { REAL(linkat); return touch(inside(from)) ? -1 : real(a, from, b, to, flags); }
int unlink(const char *path) { REAL(unlink); return touch(inside(path)) ? -1 : real(path); }
int mkdir(const char *path, mode_t mode) { REAL(mkdir); return touch(inside(path)) ? -1 : real(path, mode); }
int rmdir(const char *path) { REAL(rmdir); return touch(inside(path)) ? -1 : real(path); }
