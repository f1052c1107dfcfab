//! What is no picture of a kind that is taken, whatever it may be called.

use domain::picture::Code;

use super::{Entry, refused};

pub(super) fn entries() -> Vec<Entry> {
    let strangers: [(&str, &[u8], &str); 24] = [
        ("nothing", b"", "empty"),
        ("a byte", b"\0", "no known format"),
        ("heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        ("heic of many brands", b"\0\0\0\x1Cftypmif1\0\0\0\0mif1miafheic", "HEIC"),
        ("avif", b"\0\0\0\x1Cftypavif\0\0\0\0avifmif1miaf", "AVIF"),
        ("a film", b"\0\0\0\x18ftypisom\0\0\0\0isommp41", "a film"),
        ("svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "SVG"),
        (
            "svg with an entity",
            b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg>&x;</svg>",
            "SVG",
        ),
        (
            "svg that fetches",
            b"\xEF\xBB\xBF\n<svg><image href='http://169.254.169.254/latest/meta-data'/></svg>",
            "SVG",
        ),
        ("pdf", b"%PDF-1.7\n1 0 obj", "PDF"),
        ("pdf with a jpeg in it", b"%PDF-1.4\n\xFF\xD8\xFF\xE0\0\x10JFIF", "PDF"),
        ("postscript", b"%!PS-Adobe-3.0\n(%pipe%id) (r) file", "PostScript"),
        ("psd", b"8BPS\0\x01\0\0\0\0\0\0\0\x03", "Photoshop"),
        ("jpeg xl, bare", b"\xFF\x0A\xFA\x1F", "JPEG XL"),
        ("jpeg xl, boxed", b"\0\0\0\x0CJXL \r\n\x87\n", "JPEG XL"),
        ("jpeg 2000", b"\0\0\0\x0CjP  \r\n\x87\n", "JPEG 2000"),
        (
            "a drawing script",
            b"push graphic-context\nviewbox 0 0 640 480\nfill 'url(https://example.org/x\"|id\")'\npop",
            "drawing script",
        ),
        ("bigtiff", b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0", "BigTIFF"),
        ("an icon", b"\0\0\x01\0\x01\0\x10\x10", "an icon"),
        ("html", b"<!DOCTYPE html><script>alert(1)</script>", "HTML"),
        ("xml", b"<?xml version='1.0'?><office/>", "XML"),
        ("zip", b"PK\x03\x04\x14\0", "ZIP"),
        ("gzip", b"\x1F\x8B\x08\0", "gzip"),
        ("text", b"shoved, not pushed", "text"),
    ];
    strangers
        .into_iter()
        .map(|(name, bytes, words)| refused(name, bytes.to_vec(), Code::UnsupportedFormat, words))
        .collect()
}
