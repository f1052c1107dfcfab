//! The order in which a file holds the 64 coefficients of a block.

/// Where the coefficients lie in the block, row by row (ITU-T T.81, figure A.6).
pub(crate) const NATURAL: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// How many rows, and how many columns, the coefficients up to each one reach into.
pub(crate) const REACH: [u8; 64] = reach();

const fn reach() -> [u8; 64] {
    let mut reach = [1; 64];
    let mut place = 1;
    while place < 64 {
        let (row, column) = (NATURAL[place] / 8, NATURAL[place] % 8);
        let further = if row > column { row } else { column } + 1;
        reach[place] = if further > reach[place - 1] { further } else { reach[place - 1] };
        place += 1;
    }
    reach
}

/// The last coefficient that lies within the first `columns` and `rows`, which are at least one.
pub(crate) fn last_within((columns, rows): (usize, usize)) -> usize {
    let within =
        |natural: &u8| usize::from(*natural) % 8 < columns && usize::from(*natural) / 8 < rows;
    NATURAL.iter().rposition(within).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_block_ends_earlier() {
        let last: Vec<_> = (1..=8).map(|side| last_within((side, side))).collect();
        assert_eq!(last, [0, 4, 12, 24, 39, 51, 59, 63]);
        assert_eq!(last_within((8, 4)), 53);
    }

    #[test]
    fn the_reach_covers_every_coefficient_before() {
        for last in 0..64 {
            for natural in &NATURAL[..=last] {
                assert!(natural / 8 < REACH[last] && natural % 8 < REACH[last]);
            }
        }
    }
}
