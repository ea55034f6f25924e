//! Charts, drawn on the server: bars over time for the two sides, and how much of an allocation is used.
//!
//! Colour never says anything alone: the sides are stacked in a fixed order, named in a legend, and the figures stand in a
//! table beside the chart.

use std::fmt::Write as _;

/// The width of a chart in its own units; the page scales it.
const WIDTH: f64 = 720.0;
/// The height of the bars.
const HEIGHT: f64 = 120.0;
/// Room below the bars for the times.
const FOOT: f64 = 22.0;

/// One bar: what was done on either side in one stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bar {
    /// On HubSpot.
    pub hubspot: u64,
    /// On Salesforce.
    pub salesforce: u64,
}

impl Bar {
    fn total(self) -> u64 {
        self.hubspot.saturating_add(self.salesforce)
    }
}

/// A drawing, safe to stand in a page: it holds numbers and the texts it was given, which are escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing(String);

impl std::fmt::Display for Drawing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Drawing {}

#[allow(clippy::cast_precision_loss, reason = "a chart is no ledger")]
fn real(number: u64) -> f64 {
    number as f64
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// Bars side by side, the oldest first. `label` says in words what is to be seen; `ticks` are bars (by place) with the text
/// below them.
#[must_use]
pub fn bars(label: &str, bars: &[Bar], ticks: &[(usize, String)]) -> Drawing {
    let most = real(bars.iter().map(|bar| bar.total()).max().unwrap_or(0).max(1));
    let step = WIDTH / real(bars.len().max(1) as u64);
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"{}\">\
         <line class=\"axis\" x1=\"0\" y1=\"{HEIGHT}\" x2=\"{WIDTH}\" y2=\"{HEIGHT}\"/>",
        HEIGHT + FOOT,
        escaped(label)
    );
    for (place, bar) in bars.iter().enumerate() {
        let left = real(place as u64) * step;
        let mut top = HEIGHT;
        for (class, count) in [("hubspot", bar.hubspot), ("salesforce", bar.salesforce)] {
            if count == 0 {
                continue;
            }
            // Even a little is to be seen.
            let height = (real(count) / most * (HEIGHT - 8.0)).max(1.5);
            top -= height;
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
                (step - 1.0).max(1.0)
            );
        }
    }
    for (place, text) in ticks {
        let at = real(*place as u64) * step;
        let _ = write!(svg, "<text x=\"{at:.1}\" y=\"{}\">{}</text>", HEIGHT + 16.0, escaped(text));
    }
    svg.push_str("</svg>");
    Drawing(svg)
}

/// How much of `limit` is used, and from where on the reserve begins.
#[must_use]
pub fn meter(label: &str, used: u64, reserve_from: Option<u64>, limit: u64) -> Drawing {
    let share = |number: u64| (real(number) / real(limit.max(1)) * WIDTH).clamp(0.0, WIDTH);
    let state = match reserve_from {
        _ if used >= limit => "full",
        Some(from) if used >= from => "reserve",
        _ => "used",
    };
    let mut svg = format!(
        "<svg class=\"meter\" viewBox=\"0 0 {WIDTH} 18\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"18\" rx=\"4\"/>",
        escaped(label)
    );
    if let Some(from) = reserve_from {
        let left = share(from);
        let _ =
            write!(svg, "<rect class=\"kept\" x=\"{left:.1}\" width=\"{:.1}\" height=\"18\"/>", WIDTH - left);
    }
    let _ =
        write!(svg, "<rect class=\"{state}\" width=\"{:.1}\" height=\"18\" rx=\"4\"/></svg>", share(used));
    Drawing(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_high_as_its_share_of_the_highest() {
        let drawn = bars("<b>", &[Bar { hubspot: 1, salesforce: 1 }, Bar { hubspot: 4, salesforce: 0 }], &[])
            .to_string();
        assert!(drawn.contains("aria-label=\"&lt;b>\""), "{drawn}");
        assert_eq!(drawn.matches("<rect").count(), 3);
        assert!(drawn.contains("height=\"28.0\"") && drawn.contains("height=\"112.0\""), "{drawn}");
    }

    #[test]
    fn nothing_done_draws_no_bar() {
        let drawn = bars("", &[Bar::default(); 4], &[(0, "0:00".into())]).to_string();
        assert_eq!(drawn.matches("<rect").count(), 0);
        assert!(drawn.contains(">0:00</text>"));
    }

    #[test]
    fn what_is_used_never_leaves_the_meter() {
        assert!(meter("", 900, None, 100).to_string().contains("class=\"full\" width=\"720.0\""));
        assert!(meter("", 96, Some(95), 100).to_string().contains("class=\"reserve\""));
        assert!(meter("", 50, Some(95), 100).to_string().contains("class=\"used\" width=\"360.0\""));
    }
}
