/* The answers, episode by episode: what `compiled.py` calls.
 *
 * A function that works on episodes returns whether there was memory.
 * It is compiled once for each width of vectors; NAMED puts the width into the names.
 */
#include "exported.h"
#include "quantiles.h"

/* Return the bytes of one thread's working space. */
EXPORTED int64_t NAMED(space_bytes)(const struct prior *prior, int64_t longest)
{
    struct space work;
    return (int64_t)lay_out(&work, prior, longest, 0);
}

/* Rows of the answers, the fields of a `Recovery`. */
enum {
    IMPROVEMENT,
    LOW,
    HIGH,
    P_WINDOW,
    P_RECOVERED,
    P_PLATEAU,
    P_PLATEAU_IN_WINDOW,
    P_LEVEL,
    P_WORSENING,
    P_WORSE,
    WORSE_WEEKS,
    P_SECOND,
    SECOND_WEEKS,
    EXPECTED_GAIN,
    LEVEL_AHEAD,
    INJECTION_EFFECT,
};
/* Intervals run from this quantile to its mirror image. */
#define TAIL 0.05
#define Z_TAIL 1.6448536269514722

/* Find the posterior of episode `i`, and return whether it has scores; `step` and `lag` as for
 * `find_posterior`.
 */
static bool look_at(int64_t i, const struct scores *scores, double step, int64_t lag,
                    const struct prior *prior, struct space *work, struct episode *of)
{
    int64_t from = scores->offsets[i], n = scores->offsets[i + 1] - from;
    if (n == 0)
        return false;
    const int64_t *day = scores->day + from;
    find_posterior(day, scores->burden + from, scores->effect + from, n, step, lag, prior, work);
    *of = (struct episode){prior, work, student_law(n, prior), n, day[n - 1]};
    return true;
}

/* Answer what the smallest change that matters is asked for. */
static void compare_with_change(double change, const struct targets *targets,
                                const struct episode *of, double *out, int64_t column)
{
    double loss = targets->loss * change;
    out[P_LEVEL * column] = p_level(change, targets, of);
    between(BEFORE, of->now + targets->horizon, of);
    ask((struct gain){.days = targets->horizon}, of);
    out[P_WORSENING * column] = below(-change, of);
    ask_since_best(of);
    out[P_WORSE * column] = below(-loss, of);
    if (out[P_WORSE * column] > TAIL)
        out[WORSE_WEEKS * column] = weeks_since(false, of);
    in_second(of);
    ask((struct gain){.days = NO_DEVIATION}, of);
    out[P_SECOND * column] = 1.0 - below(loss, of);
    if (out[P_SECOND * column] > TAIL)
        out[SECOND_WEEKS * column] = weeks_since(true, of);
}

/* Answer what is a share of the start; `plateau` tells that `below` has been asked about it. */
static void compare_shares(bool plateau, const struct targets *targets, const struct episode *of,
                           double *out, int64_t column)
{
    struct point *known = of->work->known;
    double bound, middle = 0, low = 0, high = 0;
    between(BEFORE, of->now, of);
    ask((struct gain){0}, of);
    struct search search = about_share(of, &bound);
    /* Cantelli's inequality mostly tells that the start is surely above 0 */
    if (bound > TAIL && surely_unwell(of) < 1.0 - TAIL)
        return;
    compare_with_start(of);
    struct window window = share_within(targets->window_low, targets->window_high, of);
    double up_to = window.under + window.inside;
    out[P_WINDOW * column] = window.inside;
    out[P_RECOVERED * column] = 1.0 - window.under - window.inside;
    if (plateau)
        out[P_PLATEAU_IN_WINDOW * column] = window.both;
    if (targets->recovered != targets->window_high)
        out[P_RECOVERED * column] = 1.0 - share_below(targets->recovered, of);
    int seen = note(targets->window_low, normal_quantile(window.under), 0, known);
    seen = note(targets->window_high, normal_quantile(up_to), seen, known);
    if (of->now > 0) {
        double guess = search.guess, reach = Z_TAIL * search.spread;
        middle = quantile(0.5, search, &seen, of);
        search.guess = guess - reach;
        low = quantile(TAIL, search, &seen, of);
        search.guess = guess + reach;
        high = quantile(1.0 - TAIL, search, &seen, of);
    }
    out[IMPROVEMENT * column] = middle;
    out[LOW * column] = fmin(low, middle), out[HIGH * column] = fmax(high, middle);
    between(BEFORE, NEVER, of);
    ask((struct gain){.days = NO_DEVIATION}, of);
    compare_with_start(of);
    seen = 0;
    out[LEVEL_AHEAD * column] = quantile(0.5, about_share(of, &bound), &seen, of);
}

/* Answer the questions, a column of `out` an episode; what can't be answered is left as it is.
 *
 * `scale_range`, `mcid` and `step` are in the measure's units.
 */
EXPORTED bool NAMED(recover_range)(int64_t first, int64_t last, const struct scores *scores,
                                   const double *scale_range, const double *mcid,
                                   const double *step, const struct targets *targets,
                                   const struct prior *prior, double *out, int64_t column)
{
    struct space work;
    if (!get_space(&work, prior, most_scores(first, last, scores->offsets)))
        return false;
    for (int64_t i = first; i < last; i++) {
        struct episode of;
        double unit = prior->range / scale_range[i], change = mcid[i] * unit;
        if (!look_at(i, scores, step[i] * unit, targets->horizon, prior, &work, &of))
            continue;
        double effect = scores->effect[scores->offsets[i + 1] - 1];
        find_moments(prior, &work);
        if (!isnan(change))
            compare_with_change(change, targets, &of, out + i, column);
        between(of.now, of.now + targets->horizon, &of);
        ask((struct gain){.deviation = 1, .days = targets->horizon}, &of);
        out[EXPECTED_GAIN * column + i] = mean_of_x(&of) / unit;
        if (!isnan(change))
            out[P_PLATEAU * column + i] = below(change, &of);
        out[INJECTION_EFFECT * column + i] = 0;
        if (effect > 0) {
            between(BEFORE, BEFORE, &of);
            ask((struct gain){.days = NO_DEVIATION, .effect = effect}, &of);
            out[INJECTION_EFFECT * column + i] = mean_of_x(&of) / unit;
        }
        compare_shares(!isnan(change), targets, &of, out + i, column);
    }
    free(work.memory);
    return true;
}

/* Fill `out`, by episode, day in its row of `at` and level, with quantiles of the score then.
 *
 * `step` and the answers are on the common scale; a day below 0 is not asked for.
 */
EXPORTED bool NAMED(forecast_range)(int64_t first, int64_t last, const struct scores *scores,
                                    const double *step, const int64_t *at, const double *effect_at,
                                    int64_t columns, const double *levels, int64_t n_levels,
                                    const struct prior *prior, double *out)
{
    struct space work;
    if (!get_space(&work, prior, most_scores(first, last, scores->offsets)))
        return false;
    for (int64_t i = first; i < last; i++) {
        struct episode of;
        if (!look_at(i, scores, step[i], 0, prior, &work, &of))
            continue;
        for (int64_t a = i * columns; a < (i + 1) * columns; a++) {
            if (at[a] < 0)
                continue;
            int64_t ahead = at[a] > of.now ? at[a] - of.now : 0;
            between(BEFORE, at[a], &of);
            ask((struct gain){.start = 1, .days = ahead, .score = 1, .effect = effect_at[a]}, &of);
            loss_quantiles(levels, n_levels, &of, out + a * n_levels);
        }
    }
    free(work.memory);
    return true;
}

/* Fill the rows of `out` with mean, 5 % and 95 % quantile of the one course on the days `at`. */
EXPORTED bool NAMED(curve_at)(const struct scores *scores, double step, const int64_t *at,
                              const double *effect_at, int64_t days,
                              const struct prior *prior, double *out)
{
    const double levels[] = {TAIL, 1.0 - TAIL};
    double found[2];
    struct space work;
    if (!get_space(&work, prior, scores->offsets[1]))
        return false;
    struct episode of;
    look_at(0, scores, step, 0, prior, &work, &of);
    for (int64_t i = 0; i < days; i++) {
        between(BEFORE, at[i] > 0 ? at[i] : 0, &of);
        ask((struct gain){.start = 1, .days = NO_DEVIATION, .effect = effect_at[i]}, &of);
        double mean = -mean_of_x(&of);
        loss_quantiles(levels, 2, &of, found);
        out[i] = mean;
        out[days + i] = fmin(found[0], mean);
        out[2 * days + i] = fmax(found[1], mean);
    }
    free(work.memory);
    return true;
}

/* Return the weeks from the latest of `n` scores until the course is clearly level or not, or NaN.
 *
 * The lines have room for a score a week more.
 */
static double weeks_until_clear(int64_t *day, double *burden, double *effect, int64_t n,
                                double change, double step, const struct targets *targets,
                                const double *clear, const struct prior *prior,
                                struct space *work)
{
    int64_t weeks = targets->level_days / 7;
    int64_t whole[] = {0, n};
    struct scores scores = {whole, day, burden, effect};
    struct episode of;
    look_at(0, &scores, step, targets->horizon, prior, work, &of);
    for (int64_t w = 1; w <= weeks; w++) {
        day[n + w - 1] = of.now + 7 * w;
        between(BEFORE, of.now + 7 * w, &of);
        ask((struct gain){.start = 1, .days = 7 * w}, &of);
        burden[n + w - 1] = fmin(fmax(-mean_of_x(&of), 0.0), prior->range);
    }
    for (int64_t w = 0; w <= weeks; w++) {
        if (w > 0) {
            whole[1] = n + w;
            look_at(0, &scores, step, targets->horizon, prior, work, &of);
        }
        double level = p_level(change, targets, &of);
        if (level <= clear[0] || level >= clear[1])
            return (double)w;
    }
    return NAN;
}

/* Fill `out` with the weeks from the latest score until the course is clearly level or not.
 *
 * A score comes each week, and is what the curve so far expects, without an injection's effect. 0
 * is clear already; what is never clear within the weeks of a level course, or can't be asked, is
 * left as it is.
 */
EXPORTED bool NAMED(outlook_range)(int64_t first, int64_t last, const struct scores *scores,
                                   const double *scale_range, const double *mcid,
                                   const double *step, const struct targets *targets,
                                   const double *clear, const struct prior *prior, double *out)
{
    int64_t weeks = targets->level_days / 7;
    size_t longest = (size_t)(most_scores(first, last, scores->offsets) + weeks);
    int64_t *day = malloc(longest * (sizeof(int64_t) + 2 * sizeof(double)));
    struct space work;
    if (!day || !get_space(&work, prior, (int64_t)longest)) {
        free(day);
        return false;
    }
    double *burden = (double *)(day + longest), *effect = burden + longest;
    for (int64_t i = first; i < last; i++) {
        int64_t from = scores->offsets[i], n = scores->offsets[i + 1] - from;
        double change = mcid[i] / scale_range[i] * prior->range;
        if (n == 0 || isnan(change))
            continue;
        memcpy(day, scores->day + from, (size_t)n * sizeof *day);
        memcpy(burden, scores->burden + from, (size_t)n * sizeof *burden);
        memcpy(effect, scores->effect + from, (size_t)n * sizeof *effect);
        memset(effect + n, 0, (size_t)weeks * sizeof *effect);
        double distance = step[i] / scale_range[i] * prior->range;
        double found = weeks_until_clear(day, burden, effect, n, change, distance, targets, clear,
                                         prior, &work);
        if (!isnan(found))
            out[i] = found;
    }
    free(work.memory);
    free(day);
    return true;
}

/* What the episodes add to the sums of learning; see `learning._Tally`. */
struct tally {
    double *shapes, *shapes_of_long, *deviations, *asymptotes, *numbers;
    int64_t many; /* scores from which on an episode is long */
};
enum { EPISODES, PRECISION, LOG_VARIANCE, START_SUM, SQUARE, VARIANCE };

/* Return the digamma function of x, at least 3, to 1e-5 (Abramowitz & Stegun 6.3.18). */
EXPORTED double NAMED(digamma)(double x)
{
    return log(x) - 1 / (2 * x) - 1 / (12 * (x * x)) + 1 / (120 * (x * x * x * x));
}

/* Add to the sums what the episodes say; `step` is on the common scale. */
EXPORTED bool NAMED(tally_range)(int64_t first, int64_t last, const struct scores *scores,
                                 const double *step, const struct prior *prior,
                                 const struct tally *sums)
{
    struct space work;
    if (!get_space(&work, prior, most_scores(first, last, scores->offsets)))
        return false;
    for (int64_t i = first; i < last; i++) {
        struct episode of;
        if (!look_at(i, scores, step[i], 0, prior, &work, &of))
            continue;
        double dof = prior->dof + (double)of.n, noise = prior->noise + step[i] * step[i] / 12.0;
        double mean_log = NAMED(digamma)(0.5 * dof), *numbers = sums->numbers;
        numbers[EPISODES] += 1;
        for (int64_t p = 0; p < work.size; p++) {
            int64_t j = p / work.lanes, r = p % work.lanes / work.shapes, k = p % work.shapes;
            double w = work.posterior[WEIGHT][p], b = work.posterior[B][p];
            sums->shapes[k] += w;
            if (of.n >= sums->many)
                sums->shapes_of_long[k] += w;
            sums->deviations[j] += w;
            sums->asymptotes[r] += w;
            double variance = work.posterior[NOISE][p] / noise, precision = w / variance;
            numbers[PRECISION] += precision;
            numbers[LOG_VARIANCE] += w * (log(0.5 * dof * variance) - mean_log);
            numbers[START_SUM] += precision * b;
            numbers[SQUARE] += precision * (b * b);
            numbers[VARIANCE] += w * work.posterior[BB][p] / variance;
        }
    }
    free(work.memory);
    return true;
}
