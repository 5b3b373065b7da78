/* Loaded before a program's own libraries: while the file that TEAM6_FULL_DISK names is there, nothing more fits. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* Pipes and sockets go on: only what lies on the disk does not grow. */
static int full(int fd) {
    const char *flag = getenv("TEAM6_FULL_DISK");
    struct stat file;
    if (!flag || access(flag, F_OK) != 0 || fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) return 0;
    errno = ENOSPC;
    return 1;
}

#define NEXT(result, name, parameters, arguments)                      \
    result name parameters {                                           \
        static result (*next) parameters;                              \
        if (full(fd)) return -1;                                       \
        if (!next) next = (result(*) parameters)dlsym(RTLD_NEXT, #name); \
        return next arguments;                                         \
    }

NEXT(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
NEXT(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
NEXT(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
