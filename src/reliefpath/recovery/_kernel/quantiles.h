/* The quantiles of what is asked, searched for among its probabilities. */
#ifndef QUANTILES_H
#define QUANTILES_H

#include "question.h"

/* What is foretold of a quantile is taken for it if it can't be off by more than about CLOSE
 * hundredths of a standard deviation and a point is NEAR; one that is FAR tells nothing. In the
 * tails, where a deviation is less of a probability, more is let pass. */
#define CLOSE 0.01
#define NEAR 0.012
#define FAR 1.0
/* How much less is believed of fewer than three points, or of ones this unevenly spaced. */
#define WARY 5
#define UNEVEN 2.5
/* A bracket this narrow is enough; nothing is foretold from a point that far out. */
#define TIGHT 1e-3
#define TRUSTED 3.5
#define STEPS 40
/* After so many looks on both sides of 0 a share is looked for next to it, at this distance. */
#define PATIENCE 4
#define STILL 1e-4
#define SURE 1e-7
/* A ratio is looked for between -999 % and 999 %. */
#define RATIO_LIMIT 9.99

/* Where a quantile is looked for: about `guess`, by steps of the `spread`, within `limit`. */
struct search {
    double guess, spread, limit;
    bool share; /* of the start */
};

/* Return the standard normal quantile of p, to 5e-4 (Abramowitz & Stegun 26.2.23). */
static double normal_quantile(double p)
{
    p = fmin(fmax(p, SURE), 1.0 - SURE);
    double t = sqrt(-2.0 * log(fmin(p, 1.0 - p)));
    double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    return p < 0.5 ? -z : z;
}

/* Note beside `seen` other points that z is the normal quantile of P(x <= q). */
static int note(double q, double z, int seen, struct point *known)
{
    known[seen] = (struct point){q, z};
    return seen + 1;
}

/* Return where z is expected to be `goal`, and how far `off` that may be, but for a factor.
 *
 * By inverse interpolation through the points that are known.
 */
static double foretell(double goal, double spread, struct point under, struct point over,
                       struct point third, struct point fourth, double *off)
{
    bool closer_above = over.z - goal < goal - under.z;
    struct point near = closer_above ? over : under, other = closer_above ? under : over;
    if (!isfinite(other.z))
        other = third, third = fourth;
    *off = WARY * fabs(goal - near.z);
    if (!isfinite(other.z))
        return near.q + (goal - near.z) * spread;
    double slope = (other.q - near.q) / (other.z - near.z), step = slope * (goal - near.z);
    if (!isfinite(third.z))
        return near.q + step;
    double next = (third.q - other.q) / (third.z - other.z);
    double bend = (next - slope) / (third.z - near.z) * (goal - near.z) * (goal - other.z);
    /* probability may climb all at once, where shapes have not begun */
    if (fmax(slope, next) > UNEVEN * fmin(slope, next) || fabs(bend) > fabs(step))
        return near.q + step;
    *off = fabs((goal - near.z) * (goal - other.z) * (goal - third.z));
    return near.q + step + bend;
}

/* Return the q within the limit where P(x <= q), or of a share P(x <= q b), is p.
 *
 * Inverse interpolation in normal quantiles, which are nearly straight in q, inside a bracket that
 * shrinks. It begins with the `seen` points that are known of the distribution function, and adds
 * to them.
 */
static double quantile(double p, struct search search, int *seen, const struct episode *of)
{
    struct point *known = of->work->known;
    double goal = normal_quantile(p), loose = exp(0.25 * goal * goal), spread = search.spread;
    double low = -search.limit, high = search.limit, q = fmin(fmax(search.guess, low), high);
    /* the nearest points below and above, and the two that were displaced last */
    struct point under = {0, -INFINITY}, over = {0, INFINITY}, third = {0, NAN}, fourth = {0, NAN};
    int look = 0, m = 0;
    while (look < STEPS) {
        if (m == *seen) {
            double found = search.share ? share_below(q, of) : below(q, of);
            *seen = note(q, normal_quantile(found), *seen, known);
            look++;
        }
        struct point at = known[m++];
        if (at.z < goal)
            low = fmax(low, at.q);
        else
            high = fmin(high, at.q);
        if (fabs(at.z) < TRUSTED) {
            struct point old = at;
            if (under.z < at.z && at.z < goal)
                old = under, under = at;
            else if (goal <= at.z && at.z < over.z)
                old = over, over = at;
            if (isfinite(old.z))
                fourth = third, third = old;
        }
        if (m < *seen)
            continue;
        if (high - low < TIGHT * spread)
            break;
        double near = fmin(goal - under.z, over.z - goal), off;
        if (look == 0 && near > FAR)
            continue;
        q = foretell(goal, spread, under, over, third, fourth, &off);
        if (search.share && look >= PATIENCE && low < 0.0 && 0.0 < high) {
            /* shapes that have not begun have all their probability at 0 */
            if (high - low < 4.0 * STILL)
                return 0.0;
            q = high > STILL ? STILL : -STILL;
        } else if (!(low < q && q < high)) {
            q = 0.5 * (low + high);
        } else if (near < NEAR * loose && off < CLOSE * loose) {
            break;
        }
    }
    return q;
}

/* Return the standard deviation of x. */
static double spread_of_x(double mean, const struct episode *of)
{
    float *lane = of->work->lane, middle = (float)mean;
    const float *x = of->work->question[X], *var = of->work->question[VAR_X];
    EACH_LANE
    for (int64_t p = 0; p < of->work->size; p++) {
        float off = x[p] - middle;
        lane[p] = of->work->posterior[WEIGHT][p] * (off * off + var[p]);
    }
    return sqrt(fmax(total(lane, of->work->size), 1e-8));
}

/* Fill `out` with the quantiles of -x at the levels. A point of the curve is looked for as far as a
 * hundred times the range from well. */
static void loss_quantiles(const double *levels, int64_t n, const struct episode *of, double *out)
{
    double mean = mean_of_x(of), spread = spread_of_x(mean, of);
    int seen = 0;
    for (int64_t m = 0; m < n; m++) {
        if (seen + STEPS > MOST_KNOWN)
            seen = 0;
        double near = mean - normal_quantile(levels[m]) * spread;
        struct search search = {near, spread, 100 * of->prior->range, false};
        out[m] = -quantile(1.0 - levels[m], search, &seen, of);
    }
}

/* Return where a search for x / b begins; the deviation is left out.
 *
 * `bound` is what Cantelli's inequality says at most of P(b <= 0).
 */
static struct search about_share(const struct episode *of, double *bound)
{
    const struct space *work = of->work;
    double usual = of->prior->mean_start, b = 0, c = 0, bb = 0, bc = 0, cc = 0;
    for (int64_t k = 0; k < work->shapes; k++) {
        float part = work->part[k];
        b += work->moments[M_B][k];
        bb += work->moments[M_BB][k];
        c += part * work->moments[M_C][k];
        bc += part * work->moments[M_BC][k];
        cc += part * part * work->moments[M_CC][k];
    }
    double start = usual + b, at = c / start;
    double square = cc - 2.0 * at * (bc + usual * c) + at * at * (bb + usual * (2.0 * b + usual));
    double variance = fmax(bb - b * b, 0.0);
    *bound = variance / (variance + start * start);
    return (struct search){at, sqrt(fmax(square, 1e-6)) / start, RATIO_LIMIT, true};
}

#endif
