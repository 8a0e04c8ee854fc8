/* Loops over lanes: elements of lines in single precision, in the form that a compiler turns into
 * vector instructions. It may not reorder or fuse anything (see build.py), so that every width of
 * vector computes the same bits.
 */
#ifndef LANES_H
#define LANES_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define RESTRICT __restrict__
/* Before a loop over lanes: no element rests on another. */
#if defined(__clang__)
#define EACH_LANE
#else
#define EACH_LANE _Pragma("GCC ivdep")
#endif

/* Added to a small number, it leaves the nearest whole one in the lowest bits. */
#define ROUND ((float)(3 << 22))
#define ROOT_HALF_BITS 0x3F3504F3
#define EXPONENT 23
#define LOWEST (-80.0f)
#define LEAST_SQUARE 1e-9f
/* Parts of a probability are added up as whole numbers of this size: in any order, to the bit. */
#define UNIT ((float)(1 << 30))
#define TERMS 7

static const float LOG_2 = 0.6931471805599453f, LOG2_E = 1.4426950408889634f;

/* How the Student-t of an episode is computed; see `student`. */
struct student_law {
    float per_degree; /* 1 by the degrees of freedom */
    float end;        /* how far z goes */
    float c[TERMS];   /* of the polynomial in z */
};

/* The bits of a number in single precision, as a whole number. */
static inline int32_t bits(float x)
{
    int32_t found;
    memcpy(&found, &x, sizeof found);
    return found;
}

/* The number in single precision that has these bits. */
static inline float number(uint32_t x)
{
    float found;
    memcpy(&found, &x, sizeof found);
    return found;
}

static inline float larger(float a, float b) { return a > b ? a : b; }
static inline float lesser(float a, float b) { return a < b ? a : b; }

/* Return e^x for x of at most 0, to 6 digits; below -80 it is as at -80. */
static inline float exponential(float x)
{
    x = larger(x, LOWEST);
    float shifted = x * LOG2_E + ROUND;
    float f = x - (shifted - ROUND) * LOG_2;
    float tail = 1.0f / 24 + f * (1.0f / 120 + f * (1.0f / 720));
    float power = 1 + f * (1 + f * (0.5f + f * (1.0f / 6 + f * tail)));
    return number((uint32_t)bits(power) + ((uint32_t)bits(shifted) << EXPONENT));
}

/* Return log x, to 7 digits of its distance from the nearest power of 2. */
static inline float logarithm(float x)
{
    int32_t power = (bits(x) - ROOT_HALF_BITS) >> EXPONENT;
    float m = number((uint32_t)bits(x) - ((uint32_t)power << EXPONENT));
    float u = (m - 1) / (m + 1), q = u * u;
    return (float)power * LOG_2 + u * (2 + q * (2.0f / 3 + q * (2.0f / 5 + q * (2.0f / 7))));
}

/* Return the Student-t probability below what is `off` from the mean, to 2e-4.
 *
 * `square` is the variance and `off` squared by the degrees of freedom v. So z = off by its root is
 * t / sqrt(1 + t^2 / v), whose density is (1 - z^2 / v)^(v/2 - 1), for which the packed prior has a
 * polynomial; one root and one division are all it takes.
 */
static inline float student(float off, float square, const struct student_law *law)
{
    const float *c = law->c;
    float z = off / sqrtf(larger(square, LEAST_SQUARE));
    z = lesser(larger(z, -law->end), law->end);
    float q = z * z;
    float series = c[0] + q * (c[1] + q * (c[2] + q * (c[3] + q * (c[4] + q * (c[5] + q * c[6])))));
    return 0.5f + z * series;
}

/* Return the sum of the first `n` elements, which are used up, in a fixed order. */
static float total(float *RESTRICT lane, int64_t n)
{
    while (n > 8) {
        int64_t half = (n + 1) / 2;
        EACH_LANE
        for (int64_t k = 0; k < n - half; k++)
            lane[k] += lane[half + k];
        n = half;
    }
    float found = 0;
    for (int64_t k = 0; k < n; k++)
        found += lane[k];
    return found;
}

static inline double probability(int32_t units)
{
    return fmin(fmax(units / (double)UNIT, 0.0), 1.0);
}

#endif
