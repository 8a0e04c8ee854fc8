/* The posterior of one episode's curve: a mixture of Student-t distributions, in closed form.
 *
 * A candidate is one shape, kind of deviation and asymptote. Given them the scores are linear in
 * the start b and the recovery c with normal errors, so that each candidate's weight and posterior
 * follow from a few sums. docs/recovery.md derives every formula. Nothing here keeps state, so any
 * number of threads may call it.
 */
#ifndef POSTERIOR_H
#define POSTERIOR_H

#include <stdlib.h>

#include "lanes.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define FORBID(from, bytes) __asan_poison_memory_region(from, bytes)
#else
#define FORBID(from, bytes) ((void)0)
#endif

/* A prior as `packing.PackedPrior` tells it; lines of shapes are a multiple of WIDTH long. */
struct prior {
    int64_t shapes, deviations, asymptotes, days, gaps, first_day, final_day, degrees;
    const float *reached, *added, *first_share, *ago, *start, *second;
    const int64_t *turned_by;
    const double *kept, *ratios, *chances;
    const bool *real;
    const float *begin, *students;
    double dof, mean_start, noise, taken_off, taken_off_variance, range;
};

/* The scores of many episodes, on the common scale; those of episode i run from offsets[i] up to
 * offsets[i + 1]. How much of an injection's effect is in each is its `effect`. */
struct scores {
    const int64_t *offsets, *day;
    const double *burden, *effect;
};

/* What a kind of deviation makes of the ones, the scores and the injections. */
struct whitened {
    double n1, y1, yy, penalty;
    double w1, wy, wp, wd; /* of the deviation at the latest score */
    double l1, ly, lp, ld, lc; /* of the one at the lag */
    double d1, dy, dp; /* of what injections take off */
};

/* Lines of the sums, an element a shape. */
enum { G1, GG, GY, WG, DG, LG, SUMS };
/* Lines of the posterior, an element a candidate: by deviation, asymptote, then shape. */
enum { WEIGHT, B, C, BB, BC, CC, NOISE, POSTERIOR };
/* Lines of the moments, an element a shape. */
enum { M_B, M_C, M_BB, M_BC, M_CC, M_NOISE, MOMENTS };
/* Lines of a question. */
enum { X, VAR_X, COV, EACH, START, VAR_B, QUESTION };

#define HIGHEST_RATIO 1000.0
/* Precision of what the other scores say of a score, below which it is not judged by them. */
#define WEAK 0.04
/* Points known of a distribution function, at most. */
#define MOST_KNOWN 160
#define DAYS 3
/* Lines begin on a cache line of their own, and never one a power of two after another. */
#define CACHE_LINE 64

/* A point of a distribution function, its probability told as a normal quantile. */
struct point {
    double q, z;
};

/* Working space of one thread. */
struct space {
    void *memory;
    int64_t shapes, lanes, size; /* shapes; shapes by asymptotes; all candidates */
    struct whitened *whitened;   /* an element a deviation */
    double *adjusted, *ratio;    /* scores and their noise in place of those at an end */
    double *ones;
    float *sums[SUMS];           /* deviation by deviation */
    float *posterior[POSTERIOR], *moments[MOMENTS], *question[QUESTION];
    float *penalized, *lane, *part, *days[DAYS];
    float *course;      /* what each shape has reached by each score, a line a score */
    float *turned;      /* 1 for the shapes whose turn lies behind the latest score, else 0 */
    float *first_share; /* what the first part of each shape counts */
    struct point known[MOST_KNOWN];
};

/* Take a line of so many bytes off the space at `at`; what lies between two is nobody's. */
static void *cut(uintptr_t *at, int64_t bytes, bool in_memory)
{
    uintptr_t line = *at, end = line + (uintptr_t)bytes;
    *at = (end / CACHE_LINE + 2) * CACHE_LINE;
    if (in_memory)
        FORBID((void *)end, *at - end);
    return (void *)line;
}

/* Lay out working space for episodes of up to `longest` scores from an address on, which is 0 while
 * only its size is wanted; return its end.
 */
static uintptr_t lay_out(struct space *work, const struct prior *prior, int64_t longest,
                         uintptr_t from)
{
    bool in_memory = from != 0;
    uintptr_t at = (from / CACHE_LINE + 1) * CACHE_LINE;
    int64_t shapes = prior->shapes, lanes = shapes * prior->asymptotes;
    int64_t size = lanes * prior->deviations, single = sizeof(float), twice = sizeof(double);
    work->shapes = shapes, work->lanes = lanes, work->size = size;
    int64_t of_whitened = prior->deviations * (int64_t)sizeof(struct whitened);
    work->whitened = cut(&at, of_whitened, in_memory);
    work->adjusted = cut(&at, longest * twice, in_memory);
    work->ratio = cut(&at, longest * twice, in_memory);
    work->ones = cut(&at, longest * twice, in_memory);
    work->course = cut(&at, longest * shapes * single, in_memory);
    for (int m = 0; m < SUMS; m++)
        work->sums[m] = cut(&at, prior->deviations * shapes * single, in_memory);
    for (int m = 0; m < POSTERIOR; m++)
        work->posterior[m] = cut(&at, size * single, in_memory);
    for (int m = 0; m < MOMENTS; m++)
        work->moments[m] = cut(&at, lanes * single, in_memory);
    for (int m = 0; m < QUESTION; m++)
        work->question[m] = cut(&at, size * single, in_memory);
    work->penalized = cut(&at, size * single, in_memory);
    work->lane = cut(&at, size * single, in_memory);
    work->part = cut(&at, shapes * single, in_memory);
    for (int m = 0; m < DAYS; m++)
        work->days[m] = cut(&at, shapes * single, in_memory);
    work->turned = cut(&at, shapes * single, in_memory);
    work->first_share = cut(&at, shapes * single, in_memory);
    return at;
}

/* Get working space for episodes of up to `longest` scores; return whether there is memory. */
static bool get_space(struct space *work, const struct prior *prior, int64_t longest)
{
    work->memory = malloc((size_t)lay_out(work, prior, longest, 0));
    if (!work->memory)
        return false;
    lay_out(work, prior, longest, (uintptr_t)work->memory);
    for (int64_t i = 0; i < longest; i++)
        work->ones[i] = 1;
    return true;
}

/* Return how many scores the longest episode from `first` up to `last` has, at least 1. */
static int64_t most_scores(int64_t first, int64_t last, const int64_t *offsets)
{
    int64_t most = 1;
    for (int64_t i = first; i < last; i++)
        if (offsets[i + 1] - offsets[i] > most)
            most = offsets[i + 1] - offsets[i];
    return most;
}

static struct student_law student_law(int64_t n, const struct prior *prior)
{
    int64_t row = n < prior->degrees ? n : prior->degrees - 1;
    const float *of = prior->students + row * (TERMS + 1);
    struct student_law law = {(float)(1.0 / (prior->dof + (double)n)), of[0], {0}};
    memcpy(law.c, of + 1, sizeof law.c);
    return law;
}

/* Return what a deviation of kind `j` keeps over so many days. */
static inline double kept(const struct prior *prior, int64_t j, int64_t days)
{
    int64_t gap = days < prior->gaps ? days : prior->gaps - 1;
    return prior->kept[j * prior->gaps + gap];
}

/* Fill `out` with what each shape has reached by a day; day -1 is before all.
 *
 * `now` is the day of the latest score.
 */
static void trace(int64_t day, int64_t now, const struct prior *prior, const struct space *work,
                  float *RESTRICT out)
{
    int64_t shapes = work->shapes, row = day < prior->days - 2 ? day : prior->days - 2;
    int64_t since = day - now;
    since = since < prior->first_day ? prior->first_day : since;
    since = (since > prior->final_day ? prior->final_day : since) - prior->first_day;
    row = row < 0 ? prior->days - 1 : row;
    const float *reached = prior->reached + row * shapes;
    const float *added = prior->added + since * shapes;
    const float *turned = work->turned, *first_share = work->first_share;
    EACH_LANE
    for (int64_t k = 0; k < shapes; k++)
        out[k] = first_share[k] * reached[k] + turned[k] * added[k];
}

/* Fill in the courses by each score. */
static void trace_all(const int64_t *day, int64_t n, const struct prior *prior, struct space *work)
{
    int64_t now = day[n - 1];
    EACH_LANE
    for (int64_t k = 0; k < work->shapes; k++) {
        bool has_turned = now >= prior->turned_by[k];
        work->turned[k] = has_turned ? 1.0f : 0.0f;
        work->first_share[k] = has_turned ? prior->first_share[k] : 1.0f;
    }
    for (int64_t i = 0; i < n; i++)
        trace(day[i], now, prior, work, work->course + i * work->shapes);
}

/* Take what injections do out of the sums of a deviation: what is left is of the curve alone.
 *
 * Given the start and the recovery, what an injection takes off at once is normal; integrating it
 * out lowers the sums by a square of each. `d1`, `dy`, DG then tell its mean, dy + d1 b + DG c, and
 * `dp` its variance. `square` is that of its own column.
 */
static void take_out_injections(int64_t j, double square, double dof, double noise,
                                const struct prior *prior, struct space *work)
{
    struct whitened *of = work->whitened + j;
    double mean = prior->taken_off, known = noise / prior->taken_off_variance;
    double precision = square + known, d1 = of->d1, dy = known * mean - of->dy;
    of->n1 -= d1 * d1 / precision;
    of->y1 += d1 * dy / precision;
    of->yy += known * mean * mean - dy * dy / precision;
    of->penalty *= pow(precision / known, 1.0 / dof);
    of->d1 = d1 / precision, of->dy = dy / precision, of->dp = 1 / precision;
    float share = (float)(-1.0 / precision), of_ones = (float)d1, of_scores = (float)dy;
    float *sums[SUMS];
    for (int m = 0; m < SUMS; m++)
        sums[m] = work->sums[m] + j * work->shapes;
    EACH_LANE
    for (int64_t k = 0; k < work->shapes; k++) {
        float dg = share * sums[DG][k];
        sums[G1][k] += of_ones * dg;
        sums[GY][k] -= of_scores * dg;
        sums[GG][k] += sums[DG][k] * dg;
        sums[DG][k] = dg;
    }
}

/* Fill the sums of `n` scores `y` (from the mean start), whitened by each kind of deviation.
 *
 * A scalar Kalman filter takes from every column, the ones, the scores, the shapes and the `effect`
 * of injections, what the scores before it foretell; `ratio` is how many times the noise of a score
 * is the usual. A real deviation is told for the latest score and, by a fixed-point smoother, for
 * `lag` days before it or, where it is later, for the first score. The freedom that a deviation has
 * counts as a factor of its squares, the penalty, since a product over hundreds of scores would
 * leave the range of numbers.
 */
static void sum_up(const int64_t *day, const double *y, double from, const double *effect,
                   const double *ratio, int64_t n, double noise, int64_t lag,
                   const struct prior *prior, struct space *work)
{
    int64_t shapes = work->shapes;
    double dof = prior->dof + (double)n;
    int64_t lag_day = day[n - 1] - lag > day[0] ? day[n - 1] - lag : day[0];
    for (int64_t j = 0; j < prior->deviations; j++) {
        float *RESTRICT g1 = work->sums[G1] + j * shapes;
        float *RESTRICT gg = work->sums[GG] + j * shapes;
        float *RESTRICT gy = work->sums[GY] + j * shapes;
        float *RESTRICT wg = work->sums[WG] + j * shapes;
        float *RESTRICT dg = work->sums[DG] + j * shapes;
        float *RESTRICT lg = work->sums[LG] + j * shapes;
        float *RESTRICT news = work->lane;
        EACH_LANE
        for (int64_t k = 0; k < shapes; k++)
            g1[k] = gg[k] = gy[k] = wg[k] = dg[k] = lg[k] = 0;
        double q = prior->ratios[j], p = q, s1 = 0, sy = 0, sd = 0;
        double n1 = 0, y1 = 0, yy = 0, freedom = 1, log_freedom = 0, d1 = 0, dy = 0, dd = 0;
        double l1 = 0, ly = 0, ld = 0, lp = 0, lc = 0;
        bool reached_lag = !prior->real[j];
        for (int64_t i = 0; i < n; i++) {
            double stays = 0;
            if (!reached_lag && day[i] >= lag_day) {
                reached_lag = true;
                double since = i > 0 ? kept(prior, j, lag_day - day[i - 1]) : 0.0;
                l1 = since * s1, ly = since * sy, ld = since * sd;
                lp = since * since * p + q * (1.0 - since * since);
                /* to be taken on to the day of this score */
                lc = lp * kept(prior, j, day[i] - lag_day);
                float part = (float)since;
                EACH_LANE
                for (int64_t k = 0; k < shapes; k++)
                    lg[k] = part * wg[k];
            } else if (i > 0) {
                lc *= kept(prior, j, day[i] - day[i - 1]);
            }
            if (i > 0 && q > 0) {
                stays = kept(prior, j, day[i] - day[i - 1]);
                s1 *= stays, sy *= stays, sd *= stays;
                p = stays * stays * p + q * (1.0 - stays * stays);
            }
            double w = 1.0 / (p + ratio[i]);
            double e1 = 1.0 - s1, ey = (y[i] - from) - sy, ed = effect[i] - sd;
            n1 += w * e1 * e1, y1 += w * e1 * ey, yy += w * ey * ey;
            d1 += w * ed * e1, dy += w * ed * ey, dd += w * ed * ed;
            freedom *= w * ratio[i];
            if (freedom < 1e-100) {
                log_freedom -= log(freedom);
                freedom = 1;
            }
            const float *RESTRICT course = work->course + i * shapes;
            float w0 = (float)w, w1 = (float)(w * e1), wy = (float)(w * ey), wd = (float)(w * ed);
            float gain = (float)(p * w), left = (float)stays, lagged = (float)(lc * w);
            EACH_LANE
            for (int64_t k = 0; k < shapes; k++) {
                float foretold = left * wg[k], e = course[k] - foretold;
                g1[k] += w1 * e;
                gg[k] += w0 * e * e;
                gy[k] += wy * e;
                wg[k] = foretold + gain * e;
                news[k] = e;
            }
            if (wd != 0)
                EACH_LANE
                for (int64_t k = 0; k < shapes; k++)
                    dg[k] += wd * news[k];
            if (lagged != 0)
                EACH_LANE
                for (int64_t k = 0; k < shapes; k++)
                    lg[k] += lagged * news[k];
            s1 += p * w * e1, sy += p * w * ey, sd += p * w * ed;
            l1 += lc * w * e1, ly += lc * w * ey, ld += lc * w * ed;
            lp -= lc * lc * w;
            lc -= lc * p * w;
            p -= p * p * w;
        }
        double penalty = exp((log_freedom - log(freedom)) / dof);
        work->whitened[j] = (struct whitened){n1, y1, yy, penalty, s1, sy, p,  sd,
                                              l1, ly, lp, ld,      lc, d1, dy, 0};
        if (dd > 0)
            take_out_injections(j, dd, dof, noise, prior, work);
    }
}

/* Fill the posterior of each candidate; of its weight what does not depend on the squares.
 *
 * `noise` is the usual variance of a score, rounding included.
 */
static void find_candidates(int64_t n, double noise, const struct prior *prior, struct space *work)
{
    int64_t shapes = work->shapes, lanes = work->lanes;
    float unit = (float)noise, usual = (float)(prior->dof * noise);
    float per_degree = (float)(1.0 / (prior->dof + (double)n));
    for (int64_t j = 0; j < prior->deviations; j++) {
        const struct whitened *of = work->whitened + j;
        float n1 = (float)of->n1, y1 = (float)of->y1, yy = (float)of->yy;
        float chance = (float)prior->chances[j], penalty = (float)of->penalty;
        const float *RESTRICT g1 = work->sums[G1] + j * shapes;
        const float *RESTRICT gg = work->sums[GG] + j * shapes;
        const float *RESTRICT gy = work->sums[GY] + j * shapes;
        for (int64_t r = 0; r < prior->asymptotes; r++) {
            int64_t at = j * lanes + r * shapes;
            const float *RESTRICT begin = prior->begin + r * shapes;
            float *RESTRICT weight = work->posterior[WEIGHT] + at;
            float *RESTRICT b_at = work->posterior[B] + at;
            float *RESTRICT c_at = work->posterior[C] + at;
            float *RESTRICT bb = work->posterior[BB] + at, *RESTRICT bc = work->posterior[BC] + at;
            float *RESTRICT cc = work->posterior[CC] + at;
            float *RESTRICT noise_at = work->posterior[NOISE] + at;
            float *RESTRICT penalized = work->penalized + at;
            EACH_LANE
            for (int64_t k = 0; k < shapes; k++) {
                float a11 = begin[1 * lanes + k] * unit + n1;
                float a12 = begin[2 * lanes + k] * unit - g1[k];
                float a22 = begin[3 * lanes + k] * unit + gg[k];
                float b1 = begin[4 * lanes + k] * unit + y1;
                float b2 = begin[5 * lanes + k] * unit - gy[k];
                float det = 1 / (a11 * a22 - a12 * a12);
                float b = (a22 * b1 - a12 * b2) * det, c = (a11 * b2 - a12 * b1) * det;
                float squares = usual + begin[6 * lanes + k] * unit + yy - b * b1 - c * b2;
                float variance = squares * per_degree, scale = variance * det;
                penalized[k] = squares * penalty;
                weight[k] = chance * begin[k] * sqrtf(det);
                b_at[k] = b, c_at[k] = c, noise_at[k] = variance;
                bb[k] = a22 * scale, bc[k] = -a12 * scale, cc[k] = a11 * scale;
            }
        }
    }
}

/* Complete the weights: by the squares to a power, the least of them taken as 1. */
static void weigh(int64_t n, const struct prior *prior, struct space *work)
{
    float *RESTRICT weight = work->posterior[WEIGHT], *RESTRICT lane = work->lane;
    const float *RESTRICT penalized = work->penalized;
    /* positive numbers are in the order of their bits */
    int32_t least = bits(penalized[0]);
    EACH_LANE
    for (int64_t p = 0; p < work->size; p++) {
        int32_t other = bits(penalized[p]);
        least = other < least ? other : least;
    }
    float scale = 1 / number((uint32_t)least), power = (float)(-0.5 * (prior->dof + (double)n));
    EACH_LANE
    for (int64_t p = 0; p < work->size; p++) {
        weight[p] = weight[p] * exponential(power * logarithm(penalized[p] * scale));
        lane[p] = weight[p];
    }
    float share = 1 / total(lane, work->size);
    EACH_LANE
    for (int64_t p = 0; p < work->size; p++)
        weight[p] *= share;
}

/* Fill the moments of each shape: weighted sums over its asymptotes and deviations. */
static void find_moments(const struct prior *prior, struct space *work)
{
    int64_t shapes = work->shapes, lanes = work->lanes;
    float *RESTRICT b1 = work->moments[M_B], *RESTRICT c1 = work->moments[M_C];
    float *RESTRICT b2 = work->moments[M_BB], *RESTRICT bc = work->moments[M_BC];
    float *RESTRICT c2 = work->moments[M_CC], *RESTRICT noise = work->moments[M_NOISE];
    EACH_LANE
    for (int64_t p = 0; p < lanes; p++)
        b1[p] = c1[p] = b2[p] = bc[p] = c2[p] = noise[p] = 0;
    for (int64_t j = 0; j < prior->deviations; j++) {
        float wider = (float)(1.0 + prior->ratios[j]);
        const float *out[POSTERIOR];
        for (int m = 0; m < POSTERIOR; m++)
            out[m] = work->posterior[m] + j * lanes;
        EACH_LANE
        for (int64_t p = 0; p < lanes; p++) {
            float w = out[WEIGHT][p], b = out[B][p], c = out[C][p];
            b1[p] += w * b;
            c1[p] += w * c;
            b2[p] += w * (b * b + out[BB][p]);
            bc[p] += w * (b * c + out[BC][p]);
            c2[p] += w * (c * c + out[CC][p]);
            noise[p] += w * wider * out[NOISE][p];
        }
    }
    for (int m = 0; m < MOMENTS; m++)
        for (int64_t r = 1; r < prior->asymptotes; r++)
            EACH_LANE
            for (int64_t k = 0; k < shapes; k++)
                work->moments[m][k] += work->moments[m][r * shapes + k];
}

#endif
