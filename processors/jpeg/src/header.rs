//! Reads what comes before the entropy-coded data: sizes, components, tables (ITU-T T.81, annex B).

use crate::{
    code::Code,
    error::Error,
    frame::{Component, Frame},
};

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const DQT: u8 = 0xDB;
const DHT: u8 = 0xC4;
const DRI: u8 = 0xDD;
const APP0: u8 = 0xE0;
const APP14: u8 = 0xEE;
const APP15: u8 = 0xEF;
const COM: u8 = 0xFE;
/// The identifiers of components that are red, green and blue, if nothing else tells.
const RGB_NAMES: [u8; 3] = *b"RGB";

/// Everything before the entropy-coded data.
pub(crate) struct Header<'a> {
    pub(crate) frame: Frame,
    /// Which tables each component of the frame uses.
    pub(crate) tables: Vec<Tables>,
    /// After so many minimal coded units, the decoding starts afresh. Zero: never.
    pub(crate) restart_interval: usize,
    /// The entropy-coded data, and what follows it.
    pub(crate) data: &'a [u8],
}

/// The tables of a component.
pub(crate) struct Tables {
    /// Components with the same number here use the same codes.
    pub(crate) choice: u8,
    /// In the order of the file.
    pub(crate) quantisation: [u16; 64],
    pub(crate) first: Code,
    pub(crate) others: Code,
}

/// What was defined so far. A definition replaces the one before it, and is not looked into before it is used.
#[derive(Default)]
struct Definitions<'a> {
    frame: Option<Frame>,
    quantisation: [Option<[u16; 64]>; 4],
    first: [Option<Code>; 4],
    others: [Option<Code>; 4],
    restart_interval: usize,
    has_jfif: bool,
    /// What Adobe's segment says about the colours.
    adobe: Option<u8>,
    data: &'a [u8],
}

impl<'a> Header<'a> {
    pub(crate) fn read(file: &'a [u8]) -> Result<Self, Error> {
        let Some(mut rest) = file.strip_prefix(&[0xFF, SOI]) else {
            return Err(Error::Corrupt("there is no start of image"));
        };
        let mut found = Definitions::default();
        loop {
            let (marker, content, after) = segment(rest)?;
            if marker == SOS {
                found.data = after;
                return found.finish(content);
            }
            found.take(marker, content)?;
            rest = after;
        }
    }
}

/// The first segment: its marker, its content, and what follows it.
fn segment(bytes: &[u8]) -> Result<(u8, &[u8], &[u8]), Error> {
    let cut = Error::Corrupt("the header is cut short");
    let fill = bytes.iter().take_while(|byte| **byte == 0xFF).count();
    if fill == 0 {
        return Err(if bytes.is_empty() { cut } else { Error::Corrupt("a marker is missing") });
    }
    let [marker, high, low, rest @ ..] = &bytes[fill..] else {
        return Err(cut);
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let content = length.checked_sub(2).ok_or(Error::Corrupt("a segment has no length"))?;
    let (content, after) = rest.split_at_checked(content).ok_or(cut)?;
    Ok((*marker, content, after))
}

impl<'a> Definitions<'a> {
    fn take(&mut self, marker: u8, content: &[u8]) -> Result<(), Error> {
        match marker {
            0xC0 | 0xC1 if self.frame.is_some() => Err(Error::Corrupt("there are two frames")),
            0xC0 | 0xC1 => {
                self.frame = Some(Frame::read(content)?);
                Ok(())
            }
            DQT => self.take_quantisation(content),
            DHT => self.take_codes(content),
            DRI => {
                let interval = content.try_into().map_err(|_| Error::Corrupt("a bad interval"))?;
                self.restart_interval = u16::from_be_bytes(interval).into();
                Ok(())
            }
            APP0 => {
                self.has_jfif |= content.starts_with(b"JFIF\0");
                Ok(())
            }
            APP14 => {
                if content.len() >= 12 && content.starts_with(b"Adobe") {
                    self.adobe = Some(content[11]);
                }
                Ok(())
            }
            APP0..=APP15 | COM => Ok(()),
            EOI => Err(Error::Corrupt("there is no picture")),
            0xC2 | 0xC6 => Err(Error::Unsupported("it is progressive")),
            0xC3 | 0xC7 => Err(Error::Unsupported("it is lossless")),
            0xC9..=0xCF => Err(Error::Unsupported("its coding is arithmetic")),
            _ => Err(Error::Unsupported("it has an unknown segment")),
        }
    }

    fn take_quantisation(&mut self, mut content: &[u8]) -> Result<(), Error> {
        while let [kind, rest @ ..] = content {
            let cut = Error::Corrupt("a quantisation table is cut short");
            let table = self.quantisation.get_mut(usize::from(kind & 15));
            let table = table.ok_or(Error::Corrupt("a quantisation table is one too many"))?;
            let (values, rest) = match kind >> 4 {
                0 => {
                    let (bytes, rest) = rest.split_first_chunk::<64>().ok_or(cut)?;
                    (bytes.map(u16::from), rest)
                }
                1 => {
                    let (bytes, rest) = rest.split_first_chunk::<128>().ok_or(cut)?;
                    let value = |at| u16::from_be_bytes([bytes[2 * at], bytes[2 * at + 1]]);
                    (std::array::from_fn(value), rest)
                }
                _ => return Err(Error::Corrupt("a quantisation table has odd numbers")),
            };
            *table = Some(values);
            content = rest;
        }
        Ok(())
    }

    fn take_codes(&mut self, mut content: &[u8]) -> Result<(), Error> {
        while let [kind, rest @ ..] = content {
            let codes = match kind >> 4 {
                0 => &mut self.first,
                1 => &mut self.others,
                _ => return Err(Error::Corrupt("a huffman table has an unknown class")),
            };
            let code = codes.get_mut(usize::from(kind & 15));
            let code = code.ok_or(Error::Corrupt("a huffman table is one too many"))?;
            let (read, rest) = Code::read(rest)?;
            *code = Some(read);
            content = rest;
        }
        Ok(())
    }

    /// `scan` is the content of the segment before the data.
    fn finish(self, scan: &[u8]) -> Result<Header<'a>, Error> {
        let frame = self.frame.as_ref().ok_or(Error::Corrupt("there is no frame"))?;
        if frame.components.len() == 3 && !self.has_brightness_first(frame) {
            return Err(Error::Unsupported("its colours are red, green and blue"));
        }
        let choices = choices(scan, frame)?;
        let tables = frame.components.iter().zip(choices);
        let tables: Option<Vec<_>> =
            tables.map(|(component, choice)| self.tables(component, choice)).collect();
        Ok(Header {
            tables: tables.ok_or(Error::Corrupt("a table is missing"))?,
            restart_interval: self.restart_interval,
            data: self.data,
            frame: self.frame.expect("it was there above"),
        })
    }

    fn tables(&self, component: &Component, choice: u8) -> Option<Tables> {
        let (first, others) = (usize::from(choice >> 4), usize::from(choice & 15));
        Some(Tables {
            choice,
            quantisation: (*self.quantisation.get(component.quantisation)?)?,
            first: self.first.get(first)?.clone()?,
            others: self.others.get(others)?.clone()?,
        })
    }

    /// As libjpeg decides it: JFIF knows only one kind of colour, Adobe tells, and names are a hint.
    fn has_brightness_first(&self, frame: &Frame) -> bool {
        if self.has_jfif {
            return true;
        }
        match self.adobe {
            Some(transform) => transform != 0,
            None => !frame.components.iter().map(|component| component.name).eq(RGB_NAMES),
        }
    }
}

/// Which codes each component uses: its first coefficient in the upper four bits, the others in the lower.
fn choices<'a>(scan: &'a [u8], frame: &Frame) -> Result<impl Iterator<Item = u8> + 'a, Error> {
    let [count, rest @ ..] = scan else {
        return Err(Error::Corrupt("the scan has no header"));
    };
    if usize::from(*count) != frame.components.len() {
        return Err(Error::Unsupported("its components are apart"));
    }
    let (pairs, range) = rest
        .split_at_checked(2 * usize::from(*count))
        .ok_or(Error::Corrupt("the header of the scan is cut short"))?;
    if range != [0, 63, 0] {
        return Err(Error::Corrupt("the scan is not of all coefficients"));
    }
    let names = pairs.chunks_exact(2).map(|pair| pair[0]);
    if !names.eq(frame.components.iter().map(|component| component.name)) {
        return Err(Error::Unsupported("its components change their order"));
    }
    Ok(pairs.chunks_exact(2).map(|pair| pair[1]))
}
