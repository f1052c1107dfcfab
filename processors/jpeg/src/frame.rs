//! The size of a picture and the components it is made of.

use crate::error::Error;

/// A component: brightness, or one of the two differences of colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Component {
    pub(crate) name: u8,
    /// Blocks in a minimal coded unit, across and down.
    pub(crate) across: usize,
    pub(crate) down: usize,
    pub(crate) quantisation: usize,
}

/// A picture as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// In samples of brightness.
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// One or three; the first has the greatest number of blocks.
    pub(crate) components: Vec<Component>,
}

impl Frame {
    /// Reads the content of the segment that begins a frame.
    pub(crate) fn read(content: &[u8]) -> Result<Self, Error> {
        let [precision, h0, h1, w0, w1, count, rest @ ..] = content else {
            return Err(Error::Corrupt("the header of the frame is cut short"));
        };
        if *precision != 8 {
            return Err(Error::Unsupported("its samples have not eight bits"));
        }
        let (width, height) = (u16::from_be_bytes([*w0, *w1]), u16::from_be_bytes([*h0, *h1]));
        if width == 0 {
            return Err(Error::Corrupt("it has no columns"));
        }
        if height == 0 {
            return Err(Error::Unsupported("its height comes after it"));
        }
        if rest.len() != 3 * usize::from(*count) {
            return Err(Error::Corrupt("the header of the frame has a wrong length"));
        }
        if !matches!(count, 1 | 3) {
            return Err(Error::Unsupported("it has neither one nor three components"));
        }
        let components = components(rest)?;
        Ok(Self { width: width.into(), height: height.into(), components })
    }

    /// Samples of brightness in a minimal coded unit, across and down.
    pub(crate) fn unit(&self) -> (usize, usize) {
        (8 * self.components[0].across, 8 * self.components[0].down)
    }
}

fn components(triples: &[u8]) -> Result<Vec<Component>, Error> {
    let component = |triple: &[u8]| Component {
        name: triple[0],
        across: usize::from(triple[1] >> 4),
        down: usize::from(triple[1] & 15),
        quantisation: usize::from(triple[2]),
    };
    let mut components: Vec<_> = triples.chunks_exact(3).map(component).collect();
    if components.iter().any(|one| !(1..=4).contains(&one.across) || !(1..=4).contains(&one.down)) {
        return Err(Error::Corrupt("a component has an impossible sampling"));
    }
    if let [only] = components.as_mut_slice() {
        // A component that is alone comes block by block, whatever it says.
        (only.across, only.down) = (1, 1);
    }
    let first = components[0];
    let fits = |one: &Component| {
        let twice = |all: usize, part: usize| all == part || all == 2 * part;
        twice(first.across, one.across) && twice(first.down, one.down)
    };
    if first.across > 2 || first.down > 2 || !components.iter().all(fits) {
        return Err(Error::Unsupported("its colours are sampled in an unusual way"));
    }
    Ok(components)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampled(samplings: &[u8]) -> Result<Frame, Error> {
        let mut content = vec![8, 0, 10, 0, 20, samplings.len() as u8];
        content.extend(samplings.iter().flat_map(|sampling| [1, *sampling, 0]));
        Frame::read(&content)
    }

    #[test]
    fn the_usual_samplings_are_taken() {
        for brightness in [0x11, 0x21, 0x22, 0x12] {
            let frame = sampled(&[brightness, 0x11, 0x11]).unwrap();
            assert_eq!((frame.width, frame.height), (20, 10));
            assert_eq!(
                frame.unit(),
                (8 * (brightness as usize >> 4), 8 * (brightness as usize & 15))
            );
        }
        assert!(sampled(&[0x22, 0x12, 0x12]).is_ok());
        assert_eq!(sampled(&[0x42]).map(|frame| frame.unit()), Ok((8, 8)));
    }

    #[test]
    fn others_are_left_to_others() {
        let unusual = [&[0x41, 0x11, 0x11], &[0x11, 0x22, 0x11], &[0x11, 0x21, 0x21]];
        for samplings in unusual {
            assert!(matches!(sampled(samplings), Err(Error::Unsupported(_))), "{samplings:x?}");
        }
        assert!(matches!(sampled(&[0x11; 4]), Err(Error::Unsupported(_))));
        assert!(matches!(sampled(&[0x11, 0x01, 0x11]), Err(Error::Corrupt(_))));
        assert!(matches!(Frame::read(&[12, 0, 1, 0, 1, 0]), Err(Error::Unsupported(_))));
        assert!(matches!(Frame::read(&[8, 0, 0, 0, 1, 0]), Err(Error::Unsupported(_))));
        assert!(matches!(Frame::read(&[8, 0, 1, 0, 0, 0]), Err(Error::Corrupt(_))));
    }
}
