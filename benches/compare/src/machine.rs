//! What the system tells about this process.

use std::time::Instant;

/// What indexing took.
#[derive(Debug)]
pub struct Figures {
    pub documents: u64,
    pub seconds: f64,
    pub cpu_seconds: f64,
    /// Of the process, at most, while it ran.
    pub peak_mib: u64,
}

/// Runs `index`, which returns the number of documents.
pub fn measure<E: From<std::io::Error>>(
    index: impl FnOnce() -> Result<u64, E>,
) -> Result<Figures, E> {
    // Resets the peak, where the system lets us.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let (cpu, started) = (cpu_seconds()?, Instant::now());
    let documents = index()?;
    Ok(Figures {
        documents,
        seconds: started.elapsed().as_secs_f64(),
        cpu_seconds: cpu_seconds()? - cpu,
        peak_mib: peak_mib()?,
    })
}

/// User and system time of all threads, in ticks of 10 ms.
fn cpu_seconds() -> std::io::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name in parentheses may hold spaces; times are fields 14 and 15.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let mut times = fields.split_whitespace().skip(11).take(2);
    let mut ticks = || {
        times
            .next()
            .and_then(|t| t.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    Ok((ticks() + ticks()) / 100.0)
}

fn peak_mib() -> std::io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    Ok(kib.unwrap_or(0) / 1024)
}
