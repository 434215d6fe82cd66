//! The windows of a recording as a file for other programs: spreadsheets, Audacity, Praat, players with WebVTT.
//!
//! ```
//! use sottovoce::timeline::{TimelineFormat, TimelineWindow, render};
//!
//! let window = TimelineWindow::without_speech([0.0, 4.0], "no speech");
//! assert_eq!(render(&[window], TimelineFormat::Audacity), "0.000\t4.000\tno speech\n");
//! ```

use std::collections::BTreeMap;
use std::fmt::Write;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::analyzer::{Certainty, Opinion};
use crate::model::Emotion;

/// The opinion of a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct TimelineWindow {
    /// Start in seconds.
    pub start_s: f64,
    /// End in seconds; windows may overlap.
    pub end_s: f64,
    /// How reliable the label is.
    pub certainty: Certainty,
    /// The likeliest emotion; none without speech.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Emotion>,
    /// A probability for each emotion; none without speech.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub probabilities: BTreeMap<Emotion, f32>,
    /// The opinion in words, for formats that people read.
    #[serde(skip_serializing)]
    pub caption: String,
}

impl TimelineWindow {
    /// A window from a start to an end in seconds, with its opinion.
    pub fn new(span_s: [f64; 2], opinion: &Opinion, caption: impl Into<String>) -> Self {
        Self {
            certainty: opinion.certainty,
            label: Some(opinion.label),
            probabilities: opinion.probabilities.clone(),
            ..Self::without_speech(span_s, caption)
        }
    }

    /// A window with too little speech for an opinion.
    pub fn without_speech([start_s, end_s]: [f64; 2], caption: impl Into<String>) -> Self {
        let (certainty, caption) = (Certainty::NoSpeech, caption.into());
        Self { start_s, end_s, certainty, label: None, probabilities: BTreeMap::new(), caption }
    }

    /// Its line of CSV, without the newline.
    pub fn csv_row(&self) -> String {
        let Self { start_s, end_s, certainty, .. } = self;
        let probability = |emotion| self.probabilities.get(&emotion).map(|share| format!("{share:.4}"));
        let probabilities = Emotion::ALL.map(|emotion| probability(emotion).unwrap_or_default()).join(",");
        format!("{start_s:.2},{end_s:.2},{},{},{probabilities}", certainty.name(), self.label_name())
    }

    /// Its JSON object, on one line.
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("plain data")
    }

    fn label_name(&self) -> &'static str {
        self.label.map_or("", Emotion::name)
    }

    fn probability(&self) -> String {
        let probability = self.label.and_then(|label| self.probabilities.get(&label));
        probability.map(|share| format!("{share:.3}")).unwrap_or_default()
    }
}

/// The line with the names of the columns of [`TimelineWindow::csv_row`].
pub fn csv_header() -> String {
    format!("start_s,end_s,certainty,label,{}", Emotion::ALL.map(Emotion::name).join(","))
}

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimelineFormat {
    /// Comma-separated values, with a header.
    Csv,
    /// An array of objects.
    Json,
    /// [Labels of Audacity](https://manual.audacityteam.org/man/importing_and_exporting_labels.html).
    Audacity,
    /// [TextGrid of Praat](https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html), with interval tiers for the label, its
    /// certainty and its probability.
    TextGrid,
    /// [Captions for the web](https://www.w3.org/TR/webvtt1/).
    WebVtt,
}

impl FromStr for TimelineFormat {
    type Err = String;

    /// `csv`, `json`, `audacity`, `textgrid` or `webvtt`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            "audacity" => Ok(Self::Audacity),
            "textgrid" => Ok(Self::TextGrid),
            "webvtt" => Ok(Self::WebVtt),
            _ => Err(format!("'{name}' is not one of csv, json, audacity, textgrid and webvtt")),
        }
    }
}

/// The text of a file with the windows of a recording, in order of their start.
///
/// Windows overlap. In Audacity, Praat and WebVTT, which have intervals, each is given the part of it that is closer to its middle than
/// to that of another window.
pub fn render(windows: &[TimelineWindow], format: TimelineFormat) -> String {
    match format {
        TimelineFormat::Csv => {
            let rows = windows.iter().map(TimelineWindow::csv_row);
            std::iter::once(csv_header()).chain(rows).map(|line| line + "\n").collect()
        }
        TimelineFormat::Json => {
            let objects: Vec<String> = windows.iter().map(TimelineWindow::json).collect();
            format!("[\n{}\n]\n", objects.join(",\n"))
        }
        TimelineFormat::Audacity => captions(windows)
            .map(|(Interval { from_ms, to_ms, .. }, caption)| {
                format!("{}\t{}\t{caption}\n", seconds(from_ms), seconds(to_ms))
            })
            .collect(),
        TimelineFormat::TextGrid => text_grid(windows),
        TimelineFormat::WebVtt => {
            let cues = captions(windows).map(|(Interval { from_ms, to_ms, .. }, caption)| {
                let caption = caption.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                format!("\n{} --> {}\n{caption}\n", timestamp(from_ms), timestamp(to_ms))
            });
            std::iter::once("WEBVTT\n".to_owned()).chain(cues).collect()
        }
    }
}

/// A stretch of a recording with its window, or one between windows.
struct Interval<'a> {
    from_ms: u64,
    to_ms: u64,
    window: Option<&'a TimelineWindow>,
}

/// Intervals from the start of the recording to the end of its last window, without gaps.
fn intervals(windows: &[TimelineWindow]) -> Vec<Interval<'_>> {
    let middle_s = |window: &TimelineWindow| (window.start_s + window.end_s) / 2.0;
    let ms = |seconds: f64| (1e3 * seconds).round() as u64;
    let boundary_s = |pair: &[TimelineWindow]| (middle_s(&pair[0]) + middle_s(&pair[1])) / 2.0;
    let boundaries_s: Vec<f64> = windows.windows(2).map(boundary_s).collect();
    let mut intervals = Vec::new();
    let mut end_ms = 0;
    for (index, window) in windows.iter().enumerate() {
        let from_s = if index > 0 { boundaries_s[index - 1].max(window.start_s) } else { window.start_s };
        let to_s = boundaries_s.get(index).map_or(window.end_s, |boundary_s| boundary_s.min(window.end_s));
        let (from_ms, to_ms) = (ms(from_s).max(end_ms), ms(to_s));
        if from_ms > end_ms {
            intervals.push(Interval { from_ms: end_ms, to_ms: from_ms, window: None });
        }
        if to_ms > from_ms {
            intervals.push(Interval { from_ms, to_ms, window: Some(window) });
            end_ms = to_ms;
        }
    }
    intervals
}

/// Intervals with a window, and its caption on one line.
fn captions(windows: &[TimelineWindow]) -> impl Iterator<Item = (Interval<'_>, String)> {
    intervals(windows).into_iter().filter_map(|interval| {
        let words: Vec<&str> = interval.window?.caption.split_whitespace().collect();
        Some((interval, words.join(" ")))
    })
}

/// Gives the text of a window in a tier.
type TextOf = fn(&TimelineWindow) -> String;

fn text_grid(windows: &[TimelineWindow]) -> String {
    let intervals = intervals(windows);
    let end = seconds(intervals.last().map_or(0, |interval| interval.to_ms));
    let tiers: [(&str, TextOf); 3] = [
        ("emotion", |window| window.label_name().to_owned()),
        ("certainty", |window| window.certainty.name().to_owned()),
        ("probability", TimelineWindow::probability),
    ];
    let mut text = format!(
        "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = {end}\ntiers? <exists>\nsize = {}\nitem []:\n",
        tiers.len()
    );
    let mut line = |indent: usize, content: String| {
        writeln!(text, "{:1$}{content}", "", 4 * indent).expect("a String takes all");
    };
    for (number, (name, text_of)) in (1..).zip(tiers) {
        line(1, format!("item [{number}]:"));
        line(2, "class = \"IntervalTier\"".to_owned());
        line(2, format!("name = \"{name}\""));
        line(2, "xmin = 0".to_owned());
        line(2, format!("xmax = {end}"));
        line(2, format!("intervals: size = {}", intervals.len()));
        for (number, Interval { from_ms, to_ms, window }) in (1..).zip(&intervals) {
            line(2, format!("intervals [{number}]:"));
            line(3, format!("xmin = {}", seconds(*from_ms)));
            line(3, format!("xmax = {}", seconds(*to_ms)));
            line(3, format!("text = \"{}\"", window.map(text_of).unwrap_or_default()));
        }
    }
    text
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// Hours, minutes, seconds and thousandths.
fn timestamp(ms: u64) -> String {
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Windows of four seconds every two: one without speech, one with, and one after a gap.
    fn windows() -> [TimelineWindow; 3] {
        let probabilities =
            Emotion::ALL.map(|emotion| (emotion, if emotion == Emotion::Sad { 0.625 } else { 0.0625 }));
        let opinion = Opinion {
            label: Emotion::Sad,
            certainty: Certainty::Leaning,
            probabilities: probabilities.into(),
        };
        [
            TimelineWindow::without_speech([0.0, 4.0], "no speech"),
            TimelineWindow::new([2.0, 6.0], &opinion, "perhaps sad\n(63 %, <angry> & 6 %)"),
            TimelineWindow::new([20.0, 22.5], &opinion, "perhaps sad"),
        ]
    }

    #[test]
    fn spreadsheets_get_columns_with_names() {
        assert_eq!(
            render(&windows(), TimelineFormat::Csv),
            "start_s,end_s,certainty,label,angry,disgust,fear,happy,neutral,sad,surprise\n\
             0.00,4.00,no-speech,,,,,,,,\n\
             2.00,6.00,leaning,sad,0.0625,0.0625,0.0625,0.0625,0.0625,0.6250,0.0625\n\
             20.00,22.50,leaning,sad,0.0625,0.0625,0.0625,0.0625,0.0625,0.6250,0.0625\n"
        );
    }

    #[test]
    fn json_is_an_array_with_an_object_on_each_line() {
        let text = render(&windows(), TimelineFormat::Json);
        let parsed: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
        assert_eq!(text.lines().count(), windows().len() + 2);
        assert_eq!(parsed[0], serde_json::json!({ "start_s": 0.0, "end_s": 4.0, "certainty": "no-speech" }));
        assert_eq!(parsed[1]["probabilities"]["sad"], 0.625);
    }

    #[test]
    fn overlapping_windows_meet_halfway_between_their_middles() {
        assert_eq!(
            render(&windows(), TimelineFormat::Audacity),
            "0.000\t3.000\tno speech\n\
             3.000\t6.000\tperhaps sad (63 %, <angry> & 6 %)\n\
             20.000\t22.500\tperhaps sad\n"
        );
    }

    #[test]
    fn captions_escape_markup() {
        assert_eq!(
            render(&windows(), TimelineFormat::WebVtt),
            "WEBVTT\n\n00:00:00.000 --> 00:00:03.000\nno speech\n\n\
             00:00:03.000 --> 00:00:06.000\nperhaps sad (63 %, &lt;angry&gt; &amp; 6 %)\n\n\
             00:00:20.000 --> 00:00:22.500\nperhaps sad\n"
        );
    }

    #[test]
    fn tiers_have_no_gaps() {
        let text = render(&windows(), TimelineFormat::TextGrid);
        let tier: Vec<&str> = text.lines().skip_while(|line| !line.contains("item [1]")).take(23).collect();
        assert_eq!(tier[5].trim(), "intervals: size = 4");
        let of = |name: &str| -> Vec<&str> {
            tier[6..].iter().filter_map(|line| line.trim().strip_prefix(name)).collect()
        };
        assert_eq!(of("xmin = "), ["0.000", "3.000", "6.000", "20.000"]);
        assert_eq!(of("xmax = "), ["3.000", "6.000", "20.000", "22.500"]);
        assert_eq!(of("text = "), ["\"\"", "\"sad\"", "\"\"", "\"sad\""]);
    }

    #[test]
    fn windows_out_of_order_leave_whole_files() {
        let [first, second, third] = windows();
        for format in ["csv", "json", "audacity", "textgrid", "webvtt"] {
            let format: TimelineFormat = format.parse().expect("a format");
            assert!(
                !render(&[third.clone(), first.clone(), second.clone(), first.clone()], format).is_empty()
            );
            render(&[], format);
        }
        assert!("xls".parse::<TimelineFormat>().is_err());
    }
}
