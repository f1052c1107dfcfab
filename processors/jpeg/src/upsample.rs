//! Doubles the resolution of a component by a triangle: a sample takes three quarters of the one that is nearest
//! and a quarter of the next. Roundings alternate, as in libjpeg, so that nothing drifts.

/// Twice as many columns: `row` to `wide`, which is twice as long or one less.
pub(crate) fn across(row: &[u8], wide: &mut [u8], scratch: &mut Vec<u16>) {
    scratch.clear();
    scratch.extend(row.iter().copied().map(u16::from));
    double::<2>(scratch, wide, [1, 2]);
}

/// Twice as many rows: one of them, nearer to `near`, and above it if it is the upper.
pub(crate) fn down(near: &[u8], far: &[u8], is_upper: bool, out: &mut [u8]) {
    let bias = if is_upper { 1 } else { 2 };
    for ((out, near), far) in out.iter_mut().zip(near).zip(far) {
        *out = ((3 * u16::from(*near) + u16::from(*far) + bias) / 4) as u8;
    }
}

/// Both at once: one of the twice as many rows, with twice as many columns.
pub(crate) fn both(near: &[u8], far: &[u8], wide: &mut [u8], scratch: &mut Vec<u16>) {
    scratch.clear();
    scratch.extend(near.iter().zip(far).map(|(near, far)| 3 * u16::from(*near) + u16::from(*far)));
    double::<4>(scratch, wide, [8, 7]);
}

/// A sample is a sum of four shares or sixteen, of which `BITS` bits are dropped.
fn double<const BITS: u32>(row: &[u16], wide: &mut [u8], biases: [u16; 2]) {
    let blend = |near: u16, far: u16, bias: u16| ((3 * near + far + bias) >> BITS) as u8;
    let pair = |before: u16, here: u16, after: u16| {
        [blend(here, before, biases[0]), blend(here, after, biases[1])]
    };
    let (pairs, odd) = wide.as_chunks_mut::<2>();
    for (pair_out, window) in pairs.iter_mut().skip(1).zip(row.windows(3)) {
        *pair_out = pair(window[0], window[1], window[2]);
    }
    let last = row.len() - 1;
    let edge = |at: usize| pair(row[at.saturating_sub(1)], row[at], row[last.min(at + 1)]);
    if let Some(first) = pairs.first_mut() {
        *first = edge(0);
    }
    if let Some(out) = pairs.get_mut(last) {
        *out = edge(last);
    }
    if let [out] = odd {
        *out = edge(last)[0];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_lie_between_their_neighbours() {
        let wide = |row: &[u8], length: usize| {
            let mut wide = vec![0; length];
            across(row, &mut wide, &mut Vec::new());
            wide
        };
        assert_eq!(wide(&[0, 100, 200], 6), [0, 25, 75, 125, 175, 200]);
        assert_eq!(wide(&[0, 100, 200], 5), [0, 25, 75, 125, 175]);
        assert_eq!(wide(&[9], 2), [9, 9]);
        assert_eq!(wide(&[9], 1), [9]);
        assert_eq!(wide(&[0, 8], 4), [0, 2, 6, 8]);
    }

    #[test]
    fn rows_lie_between_their_neighbours() {
        let mut out = [0; 2];
        down(&[0, 100], &[100, 0], true, &mut out);
        assert_eq!(out, [25, 75]);
        let mut wide = [0; 4];
        both(&[0, 160], &[160, 0], &mut wide, &mut Vec::new());
        assert_eq!(wide, [40, 60, 100, 120]);
    }
}
