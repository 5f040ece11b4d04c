/* A clock that runs as fast as the simulated AWS.
 *
 * aws-sim lets ten minutes of ElastiCache's work pass within seconds. Whoever compares its times with a clock of his own (the functions,
 * the schedules) has to have the same clock. This is loaded in front of the C library (LD_PRELOAD) of the processes of MiniStack:
 *
 *     LOCAL_CLOUD_CLOCK="<real nanoseconds> <simulated nanoseconds at that moment> <simulated seconds in a real one>"
 *
 * Only the time of day runs fast. Timeouts and sleeps use the monotonic clock, which stays real.
 *
 * It may leap, too: LOCAL_CLOUD_LEAP names a file that holds the nanoseconds of all leaps so far, as a number of eight bytes. Every process reads it
 * each time, so that all of them leap at once.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long real_start, simulated_start, scale;
static const volatile long long *leapt;

__attribute__((constructor)) static void read_setting(void) {
    const char *setting = getenv("LOCAL_CLOUD_CLOCK");
    if (setting == NULL || sscanf(setting, "%lld %lld %lld", &real_start, &simulated_start, &scale) != 3) {
        real_start = simulated_start = 0;
        scale = 1;
    }
    const char *leap = getenv("LOCAL_CLOUD_LEAP");
    int file = leap == NULL ? -1 : open(leap, O_RDONLY | O_CLOEXEC);
    if (file != -1) {
        void *shared = mmap(NULL, sizeof *leapt, PROT_READ, MAP_SHARED, file, 0);
        leapt = shared == MAP_FAILED ? NULL : shared;
        close(file);
    }
}

static long long now(void) {
    struct timespec real;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &real);
    long long nanoseconds = real.tv_sec * 1000000000LL + real.tv_nsec;
    return simulated_start + (nanoseconds - real_start) * scale + (leapt == NULL ? 0 : *leapt);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) {
        return (int) syscall(SYS_clock_gettime, clock, time);
    }
    long long nanoseconds = now();
    time->tv_sec = nanoseconds / 1000000000LL;
    time->tv_nsec = nanoseconds % 1000000000LL;
    return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void) zone;
    long long nanoseconds = now();
    time->tv_sec = nanoseconds / 1000000000LL;
    time->tv_usec = nanoseconds % 1000000000LL / 1000;
    return 0;
}

time_t time(time_t *result) {
    time_t seconds = now() / 1000000000LL;
    if (result != NULL) {
        *result = seconds;
    }
    return seconds;
}
