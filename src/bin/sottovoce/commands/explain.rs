//! `sottovoce explain`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;
use sottovoce::analyzer::{Analysis, Analyzer};
use sottovoce::explain::{Explanation, Summary, attention, encoder_view, explain};
use sottovoce::files::write_atomically;
use sottovoce::model::Emotion;
use sottovoce::report::figures::{self, Explained};

use super::predict::percent;
use super::{BAD_INPUT, ChannelArgument, ModelArguments, ReferenceArgument, fail, fail_at, read_input};

#[derive(Args)]
pub struct Arguments {
    /// Recordings to explain; `-` is standard input. Each is a row of the plot.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    channel: ChannelArgument,
    #[command(flatten)]
    reference: ReferenceArgument,
    /// The emotion to explain instead of the most likely one.
    #[arg(long)]
    emotion: Option<Emotion>,
    /// The SVG file to write.
    #[arg(long)]
    svg: Option<PathBuf>,
    /// What it shows.
    #[arg(long, default_value = "heat", requires = "svg")]
    show: View,
    /// The safetensors file to write, for one recording: `heat`, `coarse` (at the resolution of the last convolution)
    /// and, for models on feature maps, `seen`; rows × columns each, lowest row first.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print one JSON object a line, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum View {
    /// The input, and which parts of it raised the emotion (the paper's Figures 3 and 4).
    Heat,
    /// Activations of the latent dimensions of the model's speech encoder (Figure 5).
    Activations,
    /// Attention weights of each layer and head of the encoder, for the first recording.
    Attention,
}

/// One recording that could be read.
pub struct Read {
    pub name: String,
    pub analysis: Analysis,
    pub explanation: Explanation,
}

pub fn run(arguments: &Arguments) -> Result<(), ExitCode> {
    let mut analyzer = Analyzer::new(arguments.model.load()?);
    analyzer.choose_channel(arguments.channel.channel);
    analyzer.set_speaker(arguments.reference.read()?).map_err(fail)?;
    if arguments.show != View::Heat && analyzer.model().manifest().front_end.encoder().is_none() {
        return Err(fail(format!(
            "{} has no speech encoder to show; --model voice has one. --show heat works without one.",
            arguments.model.model
        )));
    }
    if arguments.out.is_some() && arguments.files.len() > 1 {
        return Err(fail("--out takes one recording. Name one, or use --svg."));
    }
    let mut read = Vec::new();
    for file in &arguments.files {
        match read_one(&mut analyzer, file, arguments.emotion) {
            Ok(one) => {
                print(&one, arguments.json);
                read.push(one);
            }
            Err(reason) => eprintln!("{}: {reason}", file.display()),
        }
    }
    if let Some(path) = &arguments.svg
        && !read.is_empty()
    {
        let svg = draw(&mut analyzer, &read, arguments.show);
        write_atomically(path, svg.as_bytes()).map_err(|error| fail_at(path, error))?;
    }
    if let (Some(path), [one]) = (&arguments.out, &read[..]) {
        write_atomically(path, &tensors(&one.explanation)).map_err(|error| fail_at(path, error))?;
    }
    if read.len() < arguments.files.len() { Err(ExitCode::from(BAD_INPUT)) } else { Ok(()) }
}

/// Reads and explains one recording.
pub fn read_one(analyzer: &mut Analyzer, file: &Path, emotion: Option<Emotion>) -> Result<Read, String> {
    let bytes = read_input(file).map_err(|error| error.to_string())?;
    let analysis = analyzer.analyze_file(&bytes).map_err(|error| error.to_string())?;
    let (model, speaker) = analyzer.model_and_conditioning();
    let explanation = explain(model, analysis.clip.samples(), emotion, speaker);
    let name = file.file_name().map_or_else(|| "-".into(), |name| name.to_string_lossy().into_owned());
    Ok(Read { name, analysis, explanation })
}

/// An SVG with a row per recording.
pub fn draw(analyzer: &mut Analyzer, read: &[Read], view: View) -> String {
    let name = analyzer.model().manifest().name.clone();
    match view {
        View::Heat => {
            let pictures: Vec<_> = read
                .iter()
                .map(|one| {
                    one.explanation.input.clone().unwrap_or_else(|| analyzer.log_mel(&one.analysis.clip))
                })
                .collect();
            let rows = read.iter().zip(&pictures).map(|(Read { name, explanation, .. }, picture)| {
                Explained { title: title(name, &explanation.summary), explanation, picture }
            });
            figures::heat_maps(&format!("What raised the emotion, {name}"), &rows.collect::<Vec<_>>())
        }
        View::Activations => {
            let rows = read.iter().filter_map(|one| {
                let view = encoder_view(analyzer.model_mut(), one.analysis.clip.samples())?;
                Some((title(&one.name, &one.explanation.summary), view))
            });
            figures::activations(&format!("Activations of {name}’s encoder"), &rows.collect::<Vec<_>>())
        }
        View::Attention => {
            let weights =
                attention(analyzer.model_mut(), read[0].analysis.clip.samples()).unwrap_or_default();
            figures::attention(&format!("Attention weights in {}, {name}", read[0].name), &weights)
        }
    }
}

fn tensors(Explanation { coarse, heat, input, .. }: &Explanation) -> Vec<u8> {
    let maps = [("coarse", Some(coarse)), ("heat", Some(heat)), ("seen", input.as_ref())];
    let maps: Vec<_> = maps
        .into_iter()
        .filter_map(|(name, map)| {
            let map = map?;
            let data: Vec<u8> = map.values().iter().flat_map(|value| value.to_le_bytes()).collect();
            Some((name, vec![map.rows(), map.columns()], data))
        })
        .collect();
    let views = maps.iter().map(|(name, shape, data)| {
        (
            name,
            TensorView::new(Dtype::F32, shape.clone(), data).expect("the data has the shape of its own map"),
        )
    });
    safetensors::serialize(views, None).expect("tensors of distinct names")
}

fn title(name: &str, summary: &Summary) -> String {
    format!("{name}: {} {}", summary.emotion, percent(summary.probability))
}

fn print(Read { name, analysis, explanation }: &Read, json: bool) {
    let summary = &explanation.summary;
    let start_s = analysis.clip.start_s();
    if json {
        let mut object = serde_json::to_value(summary).expect("plain data");
        object["file"] = json!(name);
        object["clip_from_s"] = json!(start_s);
        println!("{object}");
        return;
    }
    let mut places = Vec::new();
    if let Some([from, to]) = summary.seconds {
        places.push(format!("from {:.1} to {:.1} s", start_s + from, start_s + to));
    }
    match (summary.hz, summary.rows) {
        (Some([low, high]), _) => places.push(format!("from {:.1} to {:.1} kHz", low / 1e3, high / 1e3)),
        (None, Some([first, last])) => places.push(format!("in coefficients {first} to {last}")),
        (None, None) => {}
    }
    let places = if places.is_empty() {
        "nothing raised it".to_owned()
    } else {
        format!("half of what raised it lies {}", places.join(", "))
    };
    println!("{}; {places}", title(name, summary));
}
