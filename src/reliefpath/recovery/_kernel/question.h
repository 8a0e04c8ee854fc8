/* A question put to the posterior: how x compares with a number q, or with q starts.
 *
 * x is linear in the start b, the recovery c and the deviation w at the latest score, so that each
 * candidate answers with a Student-t probability.
 */
#ifndef QUESTION_H
#define QUESTION_H

#include "ends.h"

#define NO_DEVIATION (-1)
/* A day before all, and one that never comes, by which every course is at its end. */
#define BEFORE (-1)
#define NEVER ((int64_t)1 << 40)

/* What is asked of an episode, as `packing.PackedTargets` tells it, with weeks in whole days. */
struct targets {
    double window_low, window_high, recovered;
    int64_t horizon, level_days;
    double loss;
};

/* One episode's posterior, and the space in which questions to it are answered. */
struct episode {
    const struct prior *prior;
    struct space *work;
    struct student_law law;
    int64_t n, now; /* scores, and the day of the latest */
};

/* What x has of the posterior besides its part of c; see `ask`. */
struct gain {
    double start, deviation, score, effect, lagged;
    int64_t days;
};

/* Let x have of c what is reached between two days. */
static void between(int64_t earlier, int64_t later, const struct episode *of)
{
    struct space *work = of->work;
    trace(earlier, of->now, of->prior, work, work->days[0]);
    trace(later, of->now, of->prior, work, work->days[1]);
    EACH_LANE
    for (int64_t k = 0; k < work->shapes; k++)
        work->part[k] = work->days[1][k] - work->days[0][k];
}

/* Let x have of c what is reached from `behind` to now or to `ahead`, whichever is more. */
static void steeper(int64_t behind, int64_t ahead, const struct episode *of)
{
    struct space *work = of->work;
    trace(behind, of->now, of->prior, work, work->days[0]);
    trace(of->now, of->now, of->prior, work, work->days[1]);
    trace(ahead, of->now, of->prior, work, work->days[2]);
    EACH_LANE
    for (int64_t k = 0; k < work->shapes; k++) {
        float a = work->days[1][k] - work->days[0][k], b = work->days[2][k] - work->days[1][k];
        work->part[k] = 0.5f * (a + b + fabsf(a - b));
    }
}

/* Let x have of c what a second recovery has brought. */
static void in_second(const struct episode *of)
{
    struct space *work = of->work;
    const struct prior *prior = of->prior;
    trace(of->now, of->now, prior, work, work->days[0]);
    int64_t row = of->now < prior->days - 2 ? of->now : prior->days - 2;
    const float *reached = prior->reached + row * work->shapes;
    EACH_LANE
    for (int64_t k = 0; k < work->shapes; k++) {
        float first = work->first_share[k] * reached[k];
        work->part[k] = prior->second[k] * (work->days[0][k] - first);
    }
}

/* Lines of one deviation and asymptote. */
struct run {
    const float *out[POSTERIOR];
    float *rows[QUESTION];
    const float *wg, *dg, *lg;
};

static struct run run_of(const struct space *work, int64_t j, int64_t r)
{
    int64_t at = j * work->lanes + r * work->shapes;
    struct run run;
    for (int m = 0; m < POSTERIOR; m++)
        run.out[m] = work->posterior[m] + at;
    for (int m = 0; m < QUESTION; m++)
        run.rows[m] = work->question[m] + at;
    run.wg = work->sums[WG] + j * work->shapes;
    run.dg = work->sums[DG] + j * work->shapes;
    run.lg = work->sums[LG] + j * work->shapes;
    return run;
}

/* Let x be its part of c alone. */
static void ask_of_c(const struct run *run, const float *RESTRICT part, int64_t shapes)
{
    const float *RESTRICT c = run->out[C], *RESTRICT cc = run->out[CC], *RESTRICT bc = run->out[BC];
    float *RESTRICT x = run->rows[X], *RESTRICT var = run->rows[VAR_X];
    float *RESTRICT cov = run->rows[COV];
    EACH_LANE
    for (int64_t k = 0; k < shapes; k++) {
        x[k] = part[k] * c[k];
        var[k] = part[k] * part[k] * cc[k];
        cov[k] = part[k] * bc[k];
    }
}

/* Let x be the gain: the part of c, less `start` b, and `deviation` times today's deviation less
 * what is left of it in some `days`, and `effect` times what an injection takes off, and `lagged`
 * times the deviation at the lag of the posterior.
 *
 * A true course has real deviations only. With `score` 1, x is of a score, which has them all and
 * noise of its own.
 */
static void ask(struct gain gain, const struct episode *of)
{
    const struct prior *prior = of->prior;
    struct space *work = of->work;
    const float *RESTRICT part = work->part;
    float kb = (float)-gain.start, constant = (float)(-gain.start * prior->mean_start);
    for (int64_t j = 0; j < prior->deviations; j++) {
        const struct whitened *at = work->whitened + j;
        bool counts = gain.days != NO_DEVIATION && (prior->real[j] || gain.score > 0.0);
        bool of_c_alone = !counts && gain.start == 0.0 && gain.effect == 0.0;
        double left = counts ? kept(prior, j, gain.days) : 0.0;
        float kw = counts ? (float)(gain.deviation - left) : 0;
        float own = (float)((counts ? prior->ratios[j] * (1.0 - left * left) : 0.0) + gain.score);
        /* the deviation of today, too, rests on what an injection takes off */
        float kl = counts ? (float)gain.lagged : 0;
        float kd = (float)gain.effect + kw * (float)at->wd + kl * (float)at->ld;
        own += kw * kw * (float)at->wp + kd * kd * (float)at->dp;
        own += kl * kl * (float)at->lp + 2 * kw * kl * (float)at->lc;
        float cb = kb - kw * (float)at->w1 + kd * (float)at->d1 - kl * (float)at->l1;
        float fixed = constant + kw * (float)at->wy + kd * (float)at->dy;
        fixed += kl * (float)at->ly;
        for (int64_t r = 0; r < prior->asymptotes; r++) {
            struct run run = run_of(work, j, r);
            if (of_c_alone) {
                ask_of_c(&run, part, work->shapes);
                continue;
            }
            const float *RESTRICT b = run.out[B], *RESTRICT c = run.out[C];
            const float *RESTRICT bb = run.out[BB], *RESTRICT bc = run.out[BC];
            const float *RESTRICT cc = run.out[CC];
            const float *RESTRICT noise = run.out[NOISE];
            const float *RESTRICT wg = run.wg, *RESTRICT dg = run.dg, *RESTRICT lg = run.lg;
            float *RESTRICT x = run.rows[X], *RESTRICT var = run.rows[VAR_X];
            float *RESTRICT cov = run.rows[COV];
            EACH_LANE
            for (int64_t k = 0; k < work->shapes; k++) {
                float kc = part[k] + kw * wg[k] + kd * dg[k] + kl * lg[k];
                x[k] = fixed + cb * b[k] + kc * c[k];
                float with_b = cb * bb[k] + kc * bc[k], with_c = cb * bc[k] + kc * cc[k];
                var[k] = cb * with_b + kc * with_c + own * noise[k];
                cov[k] = with_b;
            }
        }
    }
}

/* Return P(x <= q), and keep that of each candidate. */
static double below(double q, const struct episode *of)
{
    const struct student_law law = of->law;
    const float *RESTRICT x = of->work->question[X], *RESTRICT var = of->work->question[VAR_X];
    const float *RESTRICT weight = of->work->posterior[WEIGHT];
    float *RESTRICT each = of->work->question[EACH];
    float at = (float)q;
    int32_t units = 0;
    EACH_LANE
    for (int64_t p = 0; p < of->work->size; p++) {
        float off = at - x[p];
        each[p] = student(off, var[p] + off * off * law.per_degree, &law);
        units += (int32_t)(UNIT * weight[p] * each[p]);
    }
    return probability(units);
}

/* Return as units P(-q <= x <= q, and what `below` kept), of the candidates from `from` on.
 *
 * Where a deviation is real the two are taken as independent; without one the lesser stands for
 * both, since both tell of c alone.
 */
static inline int32_t units_within(float q, bool real, int64_t from, const struct episode *of)
{
    const struct student_law law = of->law;
    const float *RESTRICT x = of->work->question[X] + from;
    const float *RESTRICT var = of->work->question[VAR_X] + from;
    const float *RESTRICT first = of->work->question[EACH] + from;
    const float *RESTRICT weight = of->work->posterior[WEIGHT] + from;
    int32_t units = 0;
    EACH_LANE
    for (int64_t p = 0; p < of->work->lanes; p++) {
        float under = q - x[p], over = -q - x[p];
        float each = student(under, var[p] + under * under * law.per_degree, &law);
        each -= student(over, var[p] + over * over * law.per_degree, &law);
        units += (int32_t)(UNIT * weight[p] * (real ? first[p] * each : lesser(first[p], each)));
    }
    return units;
}

/* Return P(-q <= x <= q, and what `below` kept of each candidate). */
static double also_within(double q, const struct episode *of)
{
    int32_t units = 0;
    for (int64_t j = 0; j < of->prior->deviations; j++) {
        int64_t from = j * of->work->lanes;
        units += of->prior->real[j] ? units_within((float)q, true, from, of)
                                    : units_within((float)q, false, from, of);
    }
    return probability(units);
}

/* Return the probability of a level course.
 *
 * Less than `change` was gained over the horizon on the curve, or will be over the days of a level
 * course; and over the horizon behind neither curve nor deviation moved by it.
 */
static double p_level(double change, const struct targets *targets, const struct episode *of)
{
    int64_t behind = of->now > targets->horizon ? of->now - targets->horizon : 0;
    steeper(behind, of->now + targets->level_days, of);
    ask((struct gain){.deviation = 1, .days = targets->level_days}, of);
    below(change, of);
    between(behind, of->now, of);
    ask((struct gain){.lagged = 1}, of);
    return also_within(change, of);
}

/* Let x be the gain since the best day, with today's deviation if it is real.
 *
 * The best is where most was reached or, where care is expected to bring a loss, the least.
 */
static void ask_since_best(const struct episode *of)
{
    struct space *work = of->work;
    int64_t shapes = work->shapes;
    float *RESTRICT most = work->days[0], *RESTRICT least = work->days[1];
    const float *RESTRICT today = work->course + (of->n - 1) * shapes;
    EACH_LANE
    for (int64_t k = 0; k < shapes; k++)
        most[k] = least[k] = today[k];
    for (int64_t i = 0; i < of->n - 1; i++) {
        const float *RESTRICT course = work->course + i * shapes;
        EACH_LANE
        for (int64_t k = 0; k < shapes; k++) {
            most[k] = larger(most[k], course[k]);
            least[k] = lesser(least[k], course[k]);
        }
    }
    EACH_LANE
    for (int64_t k = 0; k < shapes; k++) {
        most[k] = today[k] - most[k];
        least[k] = today[k] - least[k];
    }
    for (int64_t j = 0; j < of->prior->deviations; j++) {
        const struct whitened *at = work->whitened + j;
        float w = of->prior->real[j] ? 1.0f : 0.0f, kd = -w * (float)at->wd;
        float own = w * (float)at->wp + kd * kd * (float)at->dp;
        float cb = w * (float)at->w1 + kd * (float)at->d1;
        float fixed = kd * (float)at->dy - w * (float)at->wy;
        for (int64_t r = 0; r < of->prior->asymptotes; r++) {
            struct run run = run_of(work, j, r);
            const float *RESTRICT b = run.out[B], *RESTRICT c = run.out[C];
            const float *RESTRICT bb = run.out[BB], *RESTRICT bc = run.out[BC];
            const float *RESTRICT cc = run.out[CC];
            const float *RESTRICT noise = run.out[NOISE];
            const float *RESTRICT wg = run.wg, *RESTRICT dg = run.dg;
            float *RESTRICT x = run.rows[X], *RESTRICT var = run.rows[VAR_X];
            EACH_LANE
            for (int64_t k = 0; k < shapes; k++) {
                float kc = c[k] >= 0 ? most[k] : least[k];
                kc += kd * dg[k] - w * wg[k];
                x[k] = fixed + cb * b[k] + kc * c[k];
                float with_b = cb * bb[k] + kc * bc[k], with_c = cb * bc[k] + kc * cc[k];
                var[k] = cb * with_b + kc * with_c + own * noise[k];
            }
        }
    }
}

/* Return how many weeks ago, by the mean, began what makes x lie where `below` found it or, with
 * `above`, where it did not.
 */
static double weeks_since(bool above, const struct episode *of)
{
    struct space *work = of->work;
    int64_t shapes = work->shapes, lanes = work->lanes;
    float *lane = work->lane, *ago = work->part, weeks = (float)((double)of->now / 7.0);
    double seen = 0, found = 0;
    EACH_LANE
    for (int64_t k = 0; k < shapes; k++)
        ago[k] = work->turned[k] > 0 ? of->prior->ago[k] : weeks - of->prior->start[k];
    for (int64_t j = 0; j < of->prior->deviations; j++) {
        const float *weight = work->posterior[WEIGHT] + j * lanes;
        const float *each = work->question[EACH] + j * lanes;
        EACH_LANE
        for (int64_t p = 0; p < lanes; p++)
            lane[p] = weight[p] * (above ? 1 - each[p] : each[p]);
        seen += total(lane, lanes);
        for (int64_t r = 0; r < of->prior->asymptotes; r++)
            EACH_LANE
            for (int64_t k = 0; k < shapes; k++) {
                int64_t p = r * shapes + k;
                lane[p] = weight[p] * (above ? 1 - each[p] : each[p]) * ago[k];
            }
        found += total(lane, lanes);
    }
    return fmax(found / seen, 0.0);
}

/* Have the next questions ask for shares of the start b: how x compares with q b.
 *
 * The square on which the Student-t of x - q b rests is one of q; its coefficients take the place
 * of the variances.
 */
static void compare_with_start(const struct episode *of)
{
    const float *RESTRICT b_of = of->work->posterior[B], *RESTRICT bb = of->work->posterior[BB];
    const float *RESTRICT x = of->work->question[X];
    float *RESTRICT var = of->work->question[VAR_X], *RESTRICT cov = of->work->question[COV];
    float *RESTRICT start = of->work->question[START], *RESTRICT var_b = of->work->question[VAR_B];
    float per_degree = of->law.per_degree, usual = (float)of->prior->mean_start;
    EACH_LANE
    for (int64_t p = 0; p < of->work->size; p++) {
        float b = usual + b_of[p];
        start[p] = b;
        var_b[p] = bb[p] + b * b * per_degree;
        cov[p] = -2 * (cov[p] + b * x[p] * per_degree);
        var[p] += x[p] * x[p] * per_degree;
    }
}

/* Return P(x <= q b), after `compare_with_start`. */
static double share_below(double q, const struct episode *of)
{
    const struct student_law law = of->law;
    float *const *rows = of->work->question;
    const float *RESTRICT x = rows[X], *RESTRICT var = rows[VAR_X], *RESTRICT cov = rows[COV];
    const float *RESTRICT start = rows[START], *RESTRICT var_b = rows[VAR_B];
    const float *RESTRICT weight = of->work->posterior[WEIGHT];
    float at = (float)q;
    int32_t units = 0;
    EACH_LANE
    for (int64_t p = 0; p < of->work->size; p++) {
        float off = at * start[p] - x[p];
        float square = var[p] + at * (cov[p] + at * var_b[p]);
        units += (int32_t)(UNIT * weight[p] * student(off, square, &law));
    }
    return probability(units);
}

/* What is asked of a window of shares. */
struct window {
    double under, inside; /* P(x <= low b), P(low b < x <= high b) */
    double both;          /* the latter with what `below` kept */
};

/* Return where x lies by a window of shares, after `compare_with_start`.
 *
 * Within a candidate what `below` kept is taken as independent.
 */
static struct window share_within(double low, double high, const struct episode *of)
{
    const struct student_law law = of->law;
    float *const *rows = of->work->question;
    const float *RESTRICT x = rows[X], *RESTRICT var = rows[VAR_X], *RESTRICT cov = rows[COV];
    const float *RESTRICT start = rows[START], *RESTRICT var_b = rows[VAR_B];
    const float *RESTRICT first = rows[EACH], *RESTRICT weight = of->work->posterior[WEIGHT];
    float from = (float)low, to = (float)high;
    int32_t below_it = 0, inside = 0, with_first = 0;
    EACH_LANE
    for (int64_t p = 0; p < of->work->size; p++) {
        float low_square = var[p] + from * (cov[p] + from * var_b[p]);
        float high_square = var[p] + to * (cov[p] + to * var_b[p]);
        float at_low = student(from * start[p] - x[p], low_square, &law);
        float at_high = student(to * start[p] - x[p], high_square, &law);
        float units = UNIT * weight[p] * (at_high - at_low);
        below_it += (int32_t)(UNIT * weight[p] * at_low);
        inside += (int32_t)units;
        with_first += (int32_t)(units * first[p]);
    }
    return (struct window){probability(below_it), probability(inside), probability(with_first)};
}

/* Return P(b > 0). */
static double surely_unwell(const struct episode *of)
{
    const struct student_law law = of->law;
    const float *RESTRICT b = of->work->posterior[B], *RESTRICT bb = of->work->posterior[BB];
    const float *RESTRICT weight = of->work->posterior[WEIGHT];
    float usual = (float)of->prior->mean_start;
    int32_t units = 0;
    EACH_LANE
    for (int64_t p = 0; p < of->work->size; p++) {
        float off = usual + b[p];
        float each = student(off, bb[p] + off * off * law.per_degree, &law);
        units += (int32_t)(UNIT * weight[p] * each);
    }
    return probability(units);
}

/* Return the mean of x. */
static double mean_of_x(const struct episode *of)
{
    float *lane = of->work->lane;
    EACH_LANE
    for (int64_t p = 0; p < of->work->size; p++)
        lane[p] = of->work->posterior[WEIGHT][p] * of->work->question[X][p];
    return total(lane, of->work->size);
}

#endif
