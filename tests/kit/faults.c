/* Real system calls of a process and its children that fail when it is their turn.

   Preloaded (LD_PRELOAD). FAULTS names a mapped file that all processes share: what fails, which
   call of it (from 1), how often, and how many calls there were. FAULTS_BELOW names the folders
   whose files count, separated by colons. */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OPEN = 1, READ, STAT, LIST };

struct faults { _Atomic int kind, error, first, times, calls, failed; };

static struct faults *faults;
static const char *below;

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("FAULTS");
    below = getenv("FAULTS_BELOW");
    if (!name || !below) return;
    int file = syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    void *map = mmap(0, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    syscall(SYS_close, file);
    if (map != MAP_FAILED) faults = map;
}

static int counts(const char *path) {
    for (const char *at = below; path && *at;) {
        size_t length = strcspn(at, ":");
        if (!strncmp(path, at, length) && (path[length] == '/' || !path[length])) return 1;
        at += length + (at[length] == ':');
    }
    return 0;
}

static int fails(int kind, const char *path) {
    if (!faults || faults->kind != kind || !counts(path)) return 0;
    int call = ++faults->calls, first = faults->first;
    if (!first || call < first || call - first >= faults->times) return 0;
    ++faults->failed;
    errno = faults->error;
    return 1;
}

static int fails_at(int kind, int number) {
    char link[64], path[4096];
    if (!faults || faults->kind != kind) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", number);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return fails(kind, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define OPENING(name)                                                                   \
    int name(const char *path, int flags, ...) {                                        \
        va_list more;                                                                   \
        va_start(more, flags);                                                          \
        int mode = va_arg(more, int);                                                   \
        va_end(more);                                                                   \
        return fails(OPEN, path) ? -1 : REAL(name)(path, flags, mode);                  \
    }
OPENING(open)
OPENING(open64)

#define READING(name, ...)                                                              \
    if (fails_at(READ, number)) return -1;                                              \
    return REAL(name)(number, __VA_ARGS__);
ssize_t read(int number, void *to, size_t size) { READING(read, to, size) }
ssize_t pread(int number, void *to, size_t size, off_t at) { READING(pread, to, size, at) }
ssize_t pread64(int number, void *to, size_t size, off64_t at) { READING(pread64, to, size, at) }

#define ASKING(name, type)                                                              \
    int name(const char *path, struct type *about) {                                    \
        return fails(STAT, path) ? -1 : REAL(name)(path, about);                        \
    }
ASKING(stat, stat)
ASKING(stat64, stat64)
ASKING(lstat, stat)
ASKING(lstat64, stat64)
int fstatat(int in, const char *path, struct stat *about, int flags) {
    return fails(STAT, path) ? -1 : REAL(fstatat)(in, path, about, flags);
}
int fstatat64(int in, const char *path, struct stat64 *about, int flags) {
    return fails(STAT, path) ? -1 : REAL(fstatat64)(in, path, about, flags);
}
int fstat(int number, struct stat *about) {
    return fails_at(STAT, number) ? -1 : REAL(fstat)(number, about);
}
int fstat64(int number, struct stat64 *about) {
    return fails_at(STAT, number) ? -1 : REAL(fstat64)(number, about);
}

DIR *opendir(const char *path) { return fails(LIST, path) ? NULL : REAL(opendir)(path); }
struct dirent *readdir(DIR *folder) {
    return fails_at(LIST, dirfd(folder)) ? NULL : REAL(readdir)(folder);
}
struct dirent64 *readdir64(DIR *folder) {
    return fails_at(LIST, dirfd(folder)) ? NULL : REAL(readdir64)(folder);
}
