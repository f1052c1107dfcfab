//! Tells what a file is by its first bytes; neither its name nor its declared type is asked.

use super::Failure;

/// How far text is searched for what kind of text it is.
const TEXT_BYTES_MAX: usize = 1024;

/// The formats that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// ITU-T T.81.
    Jpeg,
    /// Also animated ones.
    Png,
    /// Lossy, lossless and animated.
    Webp,
    /// 87a and 89a.
    Gif,
    /// Of Windows and of OS/2.
    Bmp,
    /// 6.0; its big brother for files beyond 4 GB is not taken.
    Tiff,
}

impl Format {
    /// All formats that are taken.
    pub const ALL: [Self; 6] =
        [Self::Jpeg, Self::Png, Self::Webp, Self::Gif, Self::Bmp, Self::Tiff];

    /// The name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Webp => "WebP",
            Self::Gif => "GIF",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
        }
    }

    /// The file name extension, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Gif => "gif",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
        }
    }

    /// The media type, for `Content-Type`.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
        }
    }
}

/// The format of the bytes, or `unsupported_format` with a detail that names what was found instead.
///
/// The beginning suffices: no more than the first 1 024 bytes are read.
pub fn sniff(bytes: &[u8]) -> Result<Format, Failure> {
    picture(bytes).ok_or_else(|| {
        let found = stranger(bytes);
        Failure::unsupported(format!(
            "the file is {found}; JPEG, PNG, WebP, GIF, BMP and TIFF are taken"
        ))
    })
}

fn picture(bytes: &[u8]) -> Option<Format> {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Some(Format::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Format::Png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::Webp),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Format::Gif),
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => Some(Format::Tiff),
        [b'B', b'M', ..] => is_bitmap(bytes).then_some(Format::Bmp),
        _ => None,
    }
}

/// Two letters are little to go by, so the length of the second header must be one that Windows or OS/2 wrote.
fn is_bitmap(bytes: &[u8]) -> bool {
    matches!(bytes.get(14..18), Some([12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0]))
}

/// What the bytes are, when they are no picture that we take; for people.
fn stranger(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => "empty",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => media_container(bytes),
        [0xFF, 0x0A, ..] | [0, 0, 0, 0x0C, b'J', b'X', b'L', b' ', ..] => "JPEG XL",
        [0, 0, 0, 0x0C, b'j', b'P', b' ', b' ', ..] | [0xFF, 0x4F, 0xFF, 0x51, ..] => "JPEG 2000",
        [b'8', b'B', b'P', b'S', ..] => "a Photoshop document",
        [b'I', b'I', b'+', 0, ..] | [b'M', b'M', 0, b'+', ..] => "BigTIFF",
        [0, 0, 1, 0, ..] => "an icon",
        [b'%', b'P', b'D', b'F', ..] => "PDF",
        [b'%', b'!', ..] => "PostScript",
        [b'P', b'K', 3, 4, ..] => "a ZIP archive",
        [0x1F, 0x8B, ..] => "gzip",
        _ => text(bytes),
    }
}

/// ISO base media files tell by brand what they hold: the main one first, then those they are compatible with.
fn media_container(bytes: &[u8]) -> &'static str {
    let brands: Vec<&[u8]> = bytes[8..bytes.len().min(64)].chunks_exact(4).collect();
    let any = |names: &[&[u8]]| brands.iter().any(|brand| names.contains(brand));
    if any(&[b"avif", b"avis"]) {
        "AVIF"
    } else if any(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"]) {
        "HEIC"
    } else {
        "a film"
    }
}

fn text(bytes: &[u8]) -> &'static str {
    let beginning = &bytes[..bytes.len().min(TEXT_BYTES_MAX)];
    if beginning.iter().any(|byte| *byte < b' ' && !byte.is_ascii_whitespace()) {
        return "of no known format";
    }
    let text = String::from_utf8_lossy(beginning).to_ascii_lowercase();
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('<') && text.contains("<svg") {
        "SVG"
    } else if text.starts_with("<!doctype html") || text.starts_with("<html") {
        "HTML"
    } else if text.starts_with('<') {
        "XML"
    } else if text.starts_with("push ") || text.starts_with("viewbox ") {
        "a drawing script"
    } else {
        "text"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Code;

    fn found(bytes: &[u8]) -> String {
        let failure = sniff(bytes).unwrap_err();
        assert_eq!(failure.code, Code::UnsupportedFormat);
        failure.detail
    }

    #[test]
    fn pictures_are_known_by_their_first_bytes() {
        assert_eq!(sniff(b"\xFF\xD8\xFF\xE0\0\x10JFIF"), Ok(Format::Jpeg));
        assert_eq!(sniff(b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR"), Ok(Format::Png));
        assert_eq!(sniff(b"RIFF\x10\0\0\0WEBPVP8 "), Ok(Format::Webp));
        assert_eq!(sniff(b"GIF87a"), Ok(Format::Gif));
        assert_eq!(sniff(b"GIF89a"), Ok(Format::Gif));
        assert_eq!(sniff(b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"), Ok(Format::Bmp));
        assert_eq!(sniff(b"II*\0\x08\0\0\0"), Ok(Format::Tiff));
        assert_eq!(sniff(b"MM\0*\0\0\0\x08"), Ok(Format::Tiff));
    }

    #[test]
    fn what_is_refused_is_named() {
        let strangers: [(&[u8], &str); 22] = [
            (b"", "empty"),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
            (b"\0\0\0\x1Cftypmif1\0\0\0\0mif1avif", "AVIF"),
            (b"\0\0\0\x18ftypavif\0\0\0\0", "AVIF"),
            (b"\0\0\0\x18ftypisom\0\0\0\0", "a film"),
            (b"\xFF\x0A\x00", "JPEG XL"),
            (b"\0\0\0\x0CJXL \r\n\x87\n", "JPEG XL"),
            (b"\0\0\0\x0CjP  \r\n\x87\n", "JPEG 2000"),
            (b"%PDF-1.7", "PDF"),
            (b"%!PS-Adobe-3.0", "PostScript"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
            (b"\xEF\xBB\xBF <?xml version='1.0'?><!-- x --><SVG/>", "SVG"),
            (b"<!DOCTYPE html><html>", "HTML"),
            (b"<?xml version='1.0'?><image/>", "XML"),
            (b"push graphic-context\nviewbox 0 0 640 480", "a drawing script"),
            (b"viewbox 0 0 640 480", "a drawing script"),
            (b"PK\x03\x04", "a ZIP archive"),
            (b"\x1F\x8B\x08", "gzip"),
            (b"hello", "text"),
            (b"BMW and others", "text"),
            (b"\x00\x01\x02\x03", "of no known format"),
        ];
        for (bytes, name) in strangers {
            assert!(
                found(bytes).starts_with(&format!("the file is {name};")),
                "{name}: {}",
                found(bytes)
            );
        }
    }

    #[test]
    fn a_magic_number_cut_short_is_no_picture() {
        for magic in
            [b"\x89PNG\r\n\x1A".as_slice(), b"\xFF\xD8", b"RIFF\0\0\0\0WEB", b"GIF8", b"BM", b"II*"]
        {
            assert!(sniff(magic).is_err(), "{magic:?}");
        }
    }
}
