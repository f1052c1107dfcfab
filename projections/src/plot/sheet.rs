//! A sheet to draw on: title, frame, axes, limits and flags, in the sizes of a page.

use std::io;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{PathElement, Polygon, Rectangle, Text};
use plotters::prelude::SVGBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle,
};

use super::axis::Axis;
use super::palette::Palette;
use super::text;

/// The backend places things on whole units, so a pixel is made of several of them.
const UNITS_PER_PX: i32 = 4;
/// The backend divides by this, for reasons of its own.
const BACKEND_FONT_FACTOR: f64 = 1.24;
const FONTS: &str = "Helvetica, Arial, sans-serif";

const TITLE_PX: f64 = 16.0;
pub(super) const LABEL_PX: f64 = 11.5;
const HEADER_PX: i32 = 50;
const FLAG_ROW_PX: i32 = 14;
const FLAG_ROWS: usize = 2;
const FLAGS_PX: i32 = 8 + FLAG_ROW_PX * FLAG_ROWS as i32;
const LEFT_PX: i32 = 62;
/// Room beside the frame: for the names of limits, and without them.
pub(super) const RIGHT_PX_LIMITS: i32 = 92;
pub(super) const RIGHT_PX: i32 = 24;
const BOTTOM_PX: i32 = 48;
const EDGE_PX: i32 = 14;
const X_TICK_WIDTH_PX: i32 = 88;
const Y_TICK_HEIGHT_PX: i32 = 34;

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(super) type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<Axis, Axis>>;
pub(super) type Drawn<T = ()> = Result<T, DrawingAreaErrorKind<io::Error>>;

/// Width and height in CSS pixels; what is too small to read or too large to send is held within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    width_px: u32,
    height_px: u32,
}

impl Size {
    const WIDTH_PX_MIN: u32 = 320;
    const WIDTH_PX_MAX: u32 = 4_000;
    const HEIGHT_PX_MIN: u32 = 220;
    const HEIGHT_PX_MAX: u32 = 2_000;

    pub fn new(width_px: u32, height_px: u32) -> Self {
        Self {
            width_px: width_px.clamp(Self::WIDTH_PX_MIN, Self::WIDTH_PX_MAX),
            height_px: height_px.clamp(Self::HEIGHT_PX_MIN, Self::HEIGHT_PX_MAX),
        }
    }

    pub(super) fn x_ticks(self) -> usize {
        ((self.width_px as i32 - LEFT_PX - RIGHT_PX_LIMITS) / X_TICK_WIDTH_PX).max(2) as usize
    }

    pub(super) fn y_ticks(self) -> usize {
        let inner = self.height_px as i32 - HEADER_PX - FLAGS_PX - BOTTOM_PX;
        (inner / Y_TICK_HEIGHT_PX).max(2) as usize
    }

    const fn in_units(self) -> (u32, u32) {
        (self.width_px * UNITS_PER_PX as u32, self.height_px * UNITS_PER_PX as u32)
    }
}

impl Default for Size {
    fn default() -> Self {
        Self::new(960, 360)
    }
}

/// What stands at a place of the x axis, told in the strip above the frame.
pub(super) struct Flag {
    pub(super) x: f64,
    pub(super) label: String,
    pub(super) colour: RGBColor,
}

/// Everything around the curve.
pub(super) struct Sheet<'p> {
    pub(super) size: Size,
    pub(super) palette: &'p Palette,
    pub(super) title: &'p str,
    pub(super) subtitle: &'p str,
    pub(super) x_name: String,
    pub(super) y_name: String,
    pub(super) right_px: i32,
}

impl Sheet<'_> {
    /// The finished SVG: the frame around what `draw` puts into the chart.
    ///
    /// `behind` comes under the grid (bands), `before` over it (curves).
    pub(super) fn render(
        &self,
        (x, y): (Axis, Axis),
        behind: impl FnOnce(&mut Chart<'_>) -> Drawn,
        before: impl FnOnce(&Area<'_>, &mut Chart<'_>) -> Drawn,
    ) -> String {
        let mut svg = String::new();
        let area = SVGBackend::with_string(&mut svg, self.size.in_units()).into_drawing_area();
        self.draw(&area, (x, y), behind, before)
            .and_then(|()| area.present())
            .expect("drawing into a string cannot fail");
        drop(area);
        self.finished(&svg)
    }

    fn draw(
        &self,
        area: &Area<'_>,
        (x, y): (Axis, Axis),
        behind: impl FnOnce(&mut Chart<'_>) -> Drawn,
        before: impl FnOnce(&Area<'_>, &mut Chart<'_>) -> Drawn,
    ) -> Drawn {
        area.fill(&self.palette.background)?;
        self.header(area)?;
        let mut chart = ChartBuilder::on(area)
            .margin_top(units(HEADER_PX + FLAGS_PX))
            .margin_right(units(self.right_px))
            .margin_left(units(EDGE_PX))
            .margin_bottom(units(EDGE_PX))
            .y_label_area_size(units(LEFT_PX - EDGE_PX))
            .x_label_area_size(units(BOTTOM_PX - EDGE_PX))
            .build_cartesian_2d(x, y)?;
        behind(&mut chart)?;
        self.mesh(&mut chart)?;
        self.axis_names(area, &chart)?;
        before(area, &mut chart)
    }

    fn header(&self, area: &Area<'_>) -> Drawn {
        let width_px = f64::from(self.size.width_px) - f64::from(2 * EDGE_PX);
        let title = text::fitted(self.title, TITLE_PX, width_px);
        let subtitle = text::fitted(self.subtitle, LABEL_PX, width_px);
        let title_style = bold(TITLE_PX, self.palette.ink);
        let subtitle_style = plain(LABEL_PX, self.palette.muted);
        area.draw(&Text::new(title, (units(EDGE_PX), units(12)), title_style))?;
        area.draw(&Text::new(subtitle, (units(EDGE_PX), units(34)), subtitle_style))
    }

    /// Not left to the mesh, which would write them twice.
    fn axis_names(&self, area: &Area<'_>, chart: &Chart<'_>) -> Drawn {
        let (x, y) = chart.plotting_area().get_pixel_range();
        let (width, height) = self.size.in_units();
        let style = plain(LABEL_PX, self.palette.ink);
        let below = style.pos(Pos::new(HPos::Center, VPos::Bottom));
        let below_at = (x.start.midpoint(x.end), height as i32 - units(6));
        let x_name =
            text::fitted(&self.x_name, LABEL_PX, f64::from(width) / f64::from(UNITS_PER_PX));
        area.draw(&Text::new(x_name, below_at, below))?;
        let beside =
            style.transform(FontTransform::Rotate270).pos(Pos::new(HPos::Center, VPos::Top));
        let beside_at = (units(8), y.start.midpoint(y.end));
        let y_name =
            text::fitted(&self.y_name, LABEL_PX, f64::from(height) / f64::from(UNITS_PER_PX));
        area.draw(&Text::new(y_name, beside_at, beside))
    }

    fn mesh(&self, chart: &mut Chart<'_>) -> Drawn {
        chart
            .configure_mesh()
            .axis_style(stroke(self.palette.muted, 1.0))
            .bold_line_style(stroke_of(&self.palette.grid.mix(0.55), 0.75))
            .light_line_style(self.palette.grid.mix(0.0))
            .set_all_tick_mark_size(units(4))
            .label_style(plain(LABEL_PX, self.palette.muted))
            .draw()
    }

    /// Flags above the frame; where a label fits into no row, the flag keeps its line and loses its words.
    pub(super) fn flags(&self, area: &Area<'_>, chart: &Chart<'_>, flags: &[Flag]) -> Drawn {
        let mut row_ends_px = [f64::NEG_INFINITY; FLAG_ROWS];
        for flag in flags {
            let x = flag_pole(area, chart, flag)?;
            let half_px = text::width_px(&flag.label, LABEL_PX) / 2.0;
            let centre_px = f64::from(x) / f64::from(UNITS_PER_PX);
            let free = row_ends_px.iter().position(|end| centre_px - half_px > *end);
            if let Some(row) = free {
                row_ends_px[row] = centre_px + half_px + 4.0;
                let style = bold(LABEL_PX, flag.colour).pos(Pos::new(HPos::Center, VPos::Bottom));
                let y = units(HEADER_PX + FLAGS_PX - 8 - row as i32 * FLAG_ROW_PX);
                area.draw(&Text::new(flag.label.clone(), (x, y), style))?;
            }
        }
        Ok(())
    }

    /// Words where the curve would be, when there is none.
    pub(super) fn message(&self, area: &Area<'_>, chart: &Chart<'_>, words: &str) -> Drawn {
        let (x, y) = chart.plotting_area().get_pixel_range();
        let middle = (x.start.midpoint(x.end), y.start.midpoint(y.end));
        let half_width = (text::width_px(words, TITLE_PX) / 2.0) as i32 + EDGE_PX;
        let corner = |sign| (middle.0 + sign * units(half_width), middle.1 + sign * units(EDGE_PX));
        area.draw(&Rectangle::new([corner(-1), corner(1)], self.palette.background.filled()))?;
        let style = plain(TITLE_PX, self.palette.muted).pos(Pos::new(HPos::Center, VPos::Center));
        area.draw(&Text::new(words.to_owned(), middle, style))
    }

    /// The size in pixels over the finer view box, and the words for those who do not see the picture.
    fn finished(&self, svg: &str) -> String {
        let Size { width_px, height_px } = self.size;
        let (width, height) = self.size.in_units();
        let opening = format!("<svg width=\"{width}\" height=\"{height}\"");
        let name = text::escaped(self.title);
        let sized = format!(
            "<svg role=\"img\" aria-label=\"{name}\" width=\"{width_px}\" height=\"{height_px}\""
        );
        svg.replacen(&opening, &sized, 1)
    }
}

/// How many columns of pixels the chart has.
pub(super) fn columns(chart: &Chart<'_>) -> usize {
    let (x, _) = chart.plotting_area().get_pixel_range();
    (x.len() / UNITS_PER_PX as usize).max(1)
}

/// The line of a flag and the arrow on top of it; its place on the sheet.
fn flag_pole(area: &Area<'_>, chart: &Chart<'_>, flag: &Flag) -> Drawn<i32> {
    let (_, y) = chart.plotting_area().get_pixel_range();
    let x = chart.backend_coord(&(flag.x, 0.0)).0;
    let line = stroke_of(&flag.colour.mix(0.75), 1.0);
    area.draw(&PathElement::new(vec![(x, y.start), (x, y.end)], line))?;
    let (half, tall) = (units(4), units(6));
    let head = vec![(x - half, y.start - tall), (x + half, y.start - tall), (x, y.start)];
    area.draw(&Polygon::new(head, flag.colour.filled()))?;
    Ok(x)
}

pub(super) const fn units(px: i32) -> i32 {
    px * UNITS_PER_PX
}

pub(super) fn stroke(colour: RGBColor, width_px: f64) -> ShapeStyle {
    stroke_of(&colour, width_px)
}

pub(super) fn stroke_of(colour: &impl Color, width_px: f64) -> ShapeStyle {
    colour.stroke_width((width_px * f64::from(UNITS_PER_PX)) as u32)
}

pub(super) fn plain(font_px: f64, colour: RGBColor) -> TextStyle<'static> {
    lettering(font_px, colour, FontStyle::Normal)
}

pub(super) fn bold(font_px: f64, colour: RGBColor) -> TextStyle<'static> {
    lettering(font_px, colour, FontStyle::Bold)
}

fn lettering(font_px: f64, colour: RGBColor, style: FontStyle) -> TextStyle<'static> {
    let size = font_px * f64::from(UNITS_PER_PX) * BACKEND_FONT_FACTOR;
    TextStyle {
        color: colour.to_backend_color(),
        ..TextStyle::from(FontDesc::new(FontFamily::Name(FONTS), size, style))
    }
}
