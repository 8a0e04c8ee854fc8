/* Scores at an end of the scale, which tell only that the true one is there or beyond. */
#ifndef ENDS_H
#define ENDS_H

#include "posterior.h"

/* A score, and how many times its noise is the usual. */
struct adjusted {
    double score, ratio;
};

/* The lowest and the highest score, and half a step, from the mean start. */
struct ends {
    double low, high, half_step;
};

/* Find mean and mean square of the course at a score, with what an injection takes off. */
static void injected(double effect, int64_t i, const struct prior *prior, const struct space *work,
                     double *mean, double *square)
{
    int64_t shapes = work->shapes;
    const float *course = work->course + i * shapes;
    float *const *out = work->posterior;
    *mean = *square = 0;
    for (int64_t j = 0; j < prior->deviations; j++) {
        const struct whitened *of = work->whitened + j;
        double b = 1.0 - effect * of->d1;
        for (int64_t p = 0; p < work->lanes; p++) {
            int64_t k = p % shapes, at = j * work->lanes + p;
            double c = -course[k] - effect * work->sums[DG][j * shapes + k];
            double x = b * out[B][at] + c * out[C][at] - effect * of->dy;
            double spread = b * b * out[BB][at] + c * (2.0 * b * out[BC][at] + c * out[CC][at]);
            spread += effect * effect * of->dp * out[NOISE][at];
            *mean += out[WEIGHT][at] * x;
            *square += out[WEIGHT][at] * (x * x + spread);
        }
    }
}

/* Return the score and the noise ratio that stand for "at this edge or beyond".
 *
 * They change mean and variance of the true score as the normal tail beyond the edge does.
 */
static struct adjusted beyond(double side, double edge, double mean, double spread, double noise)
{
    double deviation = sqrt(spread + noise), a = side * (edge - mean) / deviation;
    double under = 0.5 * erfc(-a * sqrt(0.5));
    /* the ratio of density to probability; far out it is what it tends to */
    double far = -a - 1.0 / a + 2.0 / (a * a * a);
    double hazard = under < 1e-280 ? far : exp(-0.5 * a * a) / 2.5066282746310002 / under;
    double found = mean - side * spread * hazard / deviation;
    double left = fmax(spread - spread * spread * hazard * (hazard + a) / (spread + noise), 1e-6);
    double precision = fmax(1.0 / left - 1.0 / spread, 1e-4);
    double stands_for = (found / left - mean / spread) / precision;
    double ratio = fmin(fmax(1.0 / (precision * noise), 1.0), HIGHEST_RATIO);
    return (struct adjusted){fmin(fmax(stands_for, edge - 8.0), edge + 8.0), ratio};
}

/* Replace the scores at an end by one sweep of expectation propagation: each gets the score and the
 * noise ratio under which a normal error says the same about the curve.
 */
static void look_beyond(const double *y, double from, const double *effect, int64_t n,
                        struct ends ends, const struct prior *prior, struct space *work)
{
    int64_t shapes = work->shapes;
    float *lane = work->lane, *const *moments = work->moments;
    find_moments(prior, work);
    EACH_LANE
    for (int64_t k = 0; k < shapes; k++)
        lane[k] = moments[M_NOISE][k];
    double noise = total(lane, shapes);
    for (int64_t i = 0; i < n; i++) {
        double at = y[i] - from, mean, square;
        work->adjusted[i] = at, work->ratio[i] = 1.0;
        double side = at <= ends.low + 1e-9 ? 1.0 : at >= ends.high - 1e-9 ? -1.0 : 0.0;
        if (side == 0.0)
            continue;
        if (effect[i] > 0.0) {
            injected(effect[i], i, prior, work, &mean, &square);
        } else {
            const float *course = work->course + i * shapes;
            EACH_LANE
            for (int64_t k = 0; k < shapes; k++)
                lane[k] = moments[M_B][k] - course[k] * moments[M_C][k];
            mean = total(lane, shapes);
            EACH_LANE
            for (int64_t k = 0; k < shapes; k++) {
                float g = course[k];
                lane[k] = moments[M_BB][k] + g * (g * moments[M_CC][k] - 2 * moments[M_BC][k]);
            }
            square = total(lane, shapes);
        }
        double variance = fmax(square - mean * mean, 1e-4);
        /* what the other scores say of this one */
        double precision = 1.0 / variance - 1.0 / noise;
        if (precision > WEAK)
            mean = (mean / variance - at / noise) / precision;
        else
            precision = WEAK;
        double edge = side > 0.0 ? ends.low + ends.half_step : ends.high - ends.half_step;
        struct adjusted found = beyond(side, edge, mean, 1.0 / precision, noise);
        work->adjusted[i] = found.score, work->ratio[i] = found.ratio;
    }
}

/* Fill the posterior from `n` scores on the common scale, `step` apart from each other.
 *
 * How many days before the latest score a real deviation is asked about is the `lag`.
 */
static void find_posterior(const int64_t *day, const double *score, const double *effect, int64_t n,
                           double step, int64_t lag, const struct prior *prior, struct space *work)
{
    double usual = prior->mean_start, noise = prior->noise + step * step / 12.0;
    struct ends ends = {-usual, prior->range - usual, 0.5 * step};
    bool at_an_end = false;
    for (int64_t i = 0; i < n; i++) {
        double y = score[i] - usual;
        at_an_end |= y <= ends.low + 1e-9 || y >= ends.high - 1e-9;
    }
    trace_all(day, n, prior, work);
    sum_up(day, score, usual, effect, work->ones, n, noise, lag, prior, work);
    find_candidates(n, noise, prior, work);
    weigh(n, prior, work);
    if (at_an_end) {
        look_beyond(score, usual, effect, n, ends, prior, work);
        sum_up(day, work->adjusted, 0, effect, work->ratio, n, noise, lag, prior, work);
        find_candidates(n, noise, prior, work);
        weigh(n, prior, work);
    }
}

#endif
