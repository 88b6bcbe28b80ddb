//! `pictures`: what the sizes of a photograph cost, next to what `sharp` takes for them.
//!
//! Each measured program is a process of its own that does one picture for each line it is sent, and
//! answers with its processor time, its highest memory so far and the bytes of what it made. So they
//! take turns, and the memory after the first picture is that of a process that did one.

use std::fs;
use std::io::{BufRead, BufReader, Write, stdin};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use tintype_media::picture::{Limits, SIZES, develop};
use tintype_media::sniff::FileType;

use crate::load::median;
use crate::machine;
use crate::report::Report;

/// The photograph that is drawn: 12 megapixels.
const WIDTH: u16 = 4000;
const HEIGHT: u16 = 3000;

/// How often each does the picture before it counts.
const WARM_UP: usize = 2;

/// The four sizes of a photograph, by Tintype and by sharp.
#[derive(Debug, Args)]
pub(crate) struct Pictures {
    /// The `node_modules` that sharp is installed in; without it only Tintype is measured
    #[arg(long, value_name = "DIR")]
    sharp: Option<PathBuf>,
    /// A JPEG to measure with [default: one that is drawn]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// How often each does the picture
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Be the measured program
    #[arg(long, hide = true)]
    serve: bool,
}

impl Pictures {
    pub(crate) fn print(self) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let file = if let Some(file) = &self.file {
            file.clone()
        } else {
            let file = folder.path().join("photograph.jpg");
            fs::write(&file, photograph(WIDTH, HEIGHT)?)?;
            file
        };
        if self.serve {
            return serve(&fs::read(file)?);
        }
        println!("{}", self.measure(&file)?);
        Ok(())
    }

    fn measure(&self, file: &Path) -> Result<Report> {
        let own = std::env::current_exe()?;
        let mut ours = Command::new(own);
        ours.args(["pictures", "--serve", "--file"]).arg(file);
        let mut ours = Measured::start(&mut ours)?;
        let mut sharps = Vec::new();
        match &self.sharp {
            None => eprintln!("sharp is not measured: --sharp names the node_modules it is in"),
            Some(modules) => {
                for way in ["common", "best"] {
                    let mut node = Command::new("node");
                    let sharp = modules.canonicalize()?.join("sharp");
                    node.args(["-e", SCRIPT, way]).arg(file).arg(sharp);
                    let sharp = Measured::start(&mut node).context("sharp cannot be measured")?;
                    sharps.push((way, sharp, Vec::new()));
                }
            }
        }

        let mut times = Vec::new();
        for round in 0..WARM_UP + self.rounds {
            let own = ours.once()?;
            for (_, sharp, ratios) in &mut sharps {
                let theirs = sharp.once()?;
                if round >= WARM_UP {
                    ratios.push(own / theirs);
                }
            }
            if round >= WARM_UP {
                times.push(own);
            }
        }

        let mut report = Report::new("Pictures", machine::describe(file));
        report
            .figure("the photograph", format!("{:.1} MB", fs::metadata(file)?.len() as f64 / 1e6));
        let cpu: Vec<_> = times.iter().map(|time| Duration::from_secs_f64(time / 1e3)).collect();
        report.time("processor time for the four sizes", &cpu, None);
        report.figure("memory of a process that did one", format!("{:.1} MB", ours.megabytes));
        report.figure("bytes of the four", ours.bytes.clone());
        for (way, sharp, ratios) in &sharps {
            let (name, goal) = match *way {
                "common" => ("sharp as commonly written", 0.5),
                _ => ("sharp at its best", 1.0),
            };
            report.figure(
                &format!("{name}: processor time"),
                format!("{:.1} ms", median(&sharp.times[WARM_UP..])),
            );
            report.figure(&format!("{name}: memory"), format!("{:.1} MB", sharp.megabytes));
            report.figure(&format!("{name}: bytes"), sharp.bytes.clone());
            report.at_most(&format!("Tintype / {name}"), ratios, goal);
            let memory = [ours.megabytes / sharp.megabytes];
            report.at_most(&format!("Tintype / {name}, memory"), &memory, 0.5);
        }
        Ok(report)
    }
}

/// A program that does a picture for each line.
struct Measured {
    child: Child,
    lines: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Processor time of each picture, in milliseconds.
    times: Vec<f64>,
    /// The highest memory when it had done the first.
    megabytes: f64,
    /// How long each of the four is.
    bytes: String,
}

impl Measured {
    fn start(command: &mut Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let lines = child.stdin.take().context("it has no input")?;
        let answers = BufReader::new(child.stdout.take().context("it has no output")?);
        Ok(Self { child, lines, answers, times: Vec::new(), megabytes: 0.0, bytes: String::new() })
    }

    /// The processor time of a picture, in milliseconds.
    fn once(&mut self) -> Result<f64> {
        writeln!(self.lines)?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let mut words = answer.splitn(3, ' ');
        let (Some(time), Some(kilobytes), Some(bytes)) = (words.next(), words.next(), words.next())
        else {
            bail!("a measured program ended: {}", self.child.wait()?);
        };
        if self.times.is_empty() {
            self.megabytes = kilobytes.parse::<f64>()? / 1e3;
            bytes.trim().clone_into(&mut self.bytes);
        }
        let time = time.parse()?;
        self.times.push(time);
        Ok(time)
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to be done about a failure here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(photograph: &[u8]) -> Result<()> {
    for line in stdin().lines() {
        line?;
        let begun = processor_time()?;
        let picture = develop(photograph, FileType::Jpeg, &SIZES, Limits::default())?;
        let time = processor_time()? - begun;
        let bytes: Vec<_> =
            picture.renditions.iter().map(|rendition| rendition.jpeg.len().to_string()).collect();
        println!("{time} {} {}", highest_memory()?, bytes.join(" "));
    }
    Ok(())
}

/// Milliseconds that this thread, which does everything, was on a processor.
fn processor_time() -> Result<f64> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = stat.split(' ').next().context("it is empty")?.parse()?;
    Ok(nanoseconds / 1e6)
}

/// The highest resident memory so far, in kilobytes.
fn highest_memory() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("the system does not tell")?.parse()?)
}

/// sharp with one thread and no cache: four times from the file, or once and then from the largest.
const SCRIPT: &str = r"
const fs = require('fs');
const [way, file, path] = process.argv.slice(1);
const sharp = require(path);
sharp.concurrency(1);
sharp.cache(false);
const photograph = fs.readFileSync(file);
const sizes = [[150, 'cover'], [320, 'inside'], [640, 'inside'], [1080, 'inside']];
const print = async (source, options) => {
  const made = [];
  for (const [side, fit] of sizes) {
    made.push(await sharp(source, options)
      .resize(side, side, { fit, withoutEnlargement: true }).jpeg({ quality: 85 }).toBuffer());
  }
  return made;
};
const ways = {
  common: () => print(photograph),
  best: async () => {
    const { data, info } = await sharp(photograph)
      .resize(1080, 1080, { fit: 'inside', withoutEnlargement: true })
      .raw().toBuffer({ resolveWithObject: true });
    return print(data, { raw: info });
  },
};
require('readline').createInterface({ input: process.stdin }).on('line', async () => {
  const begun = process.cpuUsage();
  const made = await ways[way]();
  const { user, system } = process.cpuUsage(begun);
  const memory = fs.readFileSync('/proc/self/status', 'utf8').match(/VmHWM:\s*(\d+)/)[1];
  console.log((user + system) / 1000, memory, ...made.map((jpeg) => jpeg.length));
});
";

/// Hills under a sky with the grain of a sensor, as a 4:2:0 JPEG of a size that cameras make.
fn photograph(width: u16, height: u16) -> Result<Vec<u8>> {
    let (wide, high) = (u32::from(width), u32::from(height));
    let mut pixels = Vec::with_capacity(wide as usize * high as usize * 3);
    for y in 0..high {
        for x in 0..wide {
            let (across, down) = (x as f32, y as f32 / high as f32);
            let mut detail = 0.0;
            let (mut strength, mut fineness) = (0.5, 1.0 / 700.0);
            for octave in 0..9 {
                detail += strength * noise(across * fineness, y as f32 * fineness, octave);
                strength *= 0.65;
                fineness *= 2.1;
            }
            let horizon = 0.35 + 0.1 * noise(across / 900.0, 0.0, 77);
            let grain = (random(x, y, 99) - 0.5) * 16.0;
            let colour = if down < horizon {
                let low = down / horizon;
                [90.0 + 110.0 * low + 30.0 * detail, 140.0 + 70.0 * low + 25.0 * detail, 220.0]
            } else {
                let near = (down - horizon) / (1.0 - horizon);
                let light = detail * detail * 1.6;
                [60.0 + 110.0 * light + 20.0 * near, 70.0 + 105.0 * light, 40.0 + 60.0 * light]
            };
            pixels.extend(colour.map(|value| (value + grain).clamp(0.0, 255.0) as u8));
        }
    }
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, 94);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.encode(&pixels, width, height, ColorType::Rgb)?;
    Ok(jpeg)
}

/// Values between 0 and 1 that change smoothly from one whole place to the next.
fn noise(x: f32, y: f32, seed: u32) -> f32 {
    let (column, row) = (x.floor(), y.floor());
    let smooth = |part: f32| part * part * (3.0 - 2.0 * part);
    let (right, below) = (smooth(x - column), smooth(y - row));
    let (column, row) = (column as u32, row as u32);
    let line =
        |row| random(column, row, seed) * (1.0 - right) + random(column + 1, row, seed) * right;
    line(row) * (1.0 - below) + line(row + 1) * below
}

/// A value between 0 and 1 that is always the same for a place.
fn random(x: u32, y: u32, seed: u32) -> f32 {
    let mut mixed =
        x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77) ^ seed.wrapping_mul(0xC2B2_AE3D);
    for factor in [0x2C1B_3C6D_u32, 0x297A_2D39] {
        mixed = (mixed ^ mixed >> 15).wrapping_mul(factor);
    }
    ((mixed ^ mixed >> 15) >> 8) as f32 / 16_777_216.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawn_photograph_is_one() {
        let jpeg = photograph(400, 300).unwrap();
        let picture = develop(&jpeg, FileType::Jpeg, &SIZES, Limits::default()).unwrap();
        assert_eq!((picture.width, picture.height), (400, 300));
        // About three bits to a pixel, as cameras have it.
        assert!((400 * 300 / 4..400 * 300 * 3 / 4).contains(&jpeg.len()), "{}", jpeg.len());
    }

    #[test]
    fn the_system_tells_time_and_memory() {
        assert!(highest_memory().unwrap() > 100);
        let begun = processor_time().unwrap();
        photograph(200, 200).unwrap();
        assert!(processor_time().unwrap() > begun);
    }
}
