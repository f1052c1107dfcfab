//! Many points become what the width can show: per column the first, the lowest, the highest and the last.

/// The points to draw, for `points` ordered by x and a plot of `columns` columns between `lower` and `upper`.
///
/// A line through the result covers the same pixels as a line through all of them, so no peak is lost.
pub(super) fn decimate(
    points: &[(f64, f64)],
    (lower, upper): (f64, f64),
    columns: usize,
) -> Vec<(f64, f64)> {
    let column_of = |x: f64| ((x - lower) / (upper - lower) * columns as f64) as usize;
    points.chunk_by(|one, next| column_of(one.0) == column_of(next.0)).flat_map(extremes).collect()
}

/// First, lowest, highest and last of one column, in their order, each once.
fn extremes(column: &[(f64, f64)]) -> impl Iterator<Item = (f64, f64)> {
    let by_value = |&a: &usize, &b: &usize| column[a].1.total_cmp(&column[b].1);
    let lowest = (0..column.len()).min_by(by_value).unwrap_or_default();
    let highest = (0..column.len()).max_by(by_value).unwrap_or_default();
    let mut kept = [0, lowest, highest, column.len() - 1];
    kept.sort_unstable();
    let distinct = (0..kept.len()).filter(move |&i| i == 0 || kept[i] != kept[i - 1]);
    distinct.map(move |i| column[kept[i]])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(count: usize) -> Vec<(f64, f64)> {
        (0..count).map(|i| (i as f64, (i * 7919 % 1000) as f64)).collect()
    }

    #[test]
    fn one_high_and_one_low_point_among_a_million_survive() {
        let mut points = ramp(1_000_000);
        points[123_456].1 = 5_000.0;
        points[654_321].1 = -5_000.0;
        let kept = decimate(&points, (0.0, 1e6), 800);
        assert!(kept.contains(&(123_456.0, 5_000.0)));
        assert!(kept.contains(&(654_321.0, -5_000.0)));
        assert!(kept.len() <= 4 * 801, "{}", kept.len());
    }

    #[test]
    fn few_points_are_all_kept() {
        let points = ramp(100);
        assert_eq!(decimate(&points, (0.0, 99.0), 800), points);
    }

    #[test]
    fn the_order_is_kept_and_nothing_comes_twice() {
        let kept = decimate(&ramp(10_000), (0.0, 1e4), 50);
        assert!(kept.is_sorted_by(|one, next| one.0 < next.0));
    }

    #[test]
    fn no_points_stay_no_points() {
        assert_eq!(decimate(&[], (0.0, 1.0), 800), []);
    }
}
