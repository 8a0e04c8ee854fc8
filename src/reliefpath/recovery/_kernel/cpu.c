/* How wide the vectors of this machine are: the number of the widest kernel that it can run. */
#include "exported.h"

#if defined(__x86_64__)
#include <cpuid.h>

/* What the operating system keeps of a program's registers, and so lets it use. */
static unsigned kept_registers(void)
{
    unsigned a, d;
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    return a;
}

EXPORTED int widest_kernel(void)
{
    const unsigned osxsave = 1u << 27, fma = 1u << 12, avx2 = 1u << 5, bmi2 = 1u << 8;
    /* F, DQ, CD, BW, VL */
    const unsigned avx512 = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;
    unsigned a, b, c, d, extended;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & osxsave) == 0 || (c & fma) == 0)
        return 0;
    if (!__get_cpuid_count(7, 0, &a, &extended, &c, &d) || (kept_registers() & 0x6) != 0x6)
        return 0;
    if ((extended & avx2) == 0 || (extended & bmi2) == 0)
        return 0;
    return (extended & avx512) == avx512 && (kept_registers() & 0xe6) == 0xe6 ? 2 : 1;
}
#else
EXPORTED int widest_kernel(void) { return 0; }
#endif
