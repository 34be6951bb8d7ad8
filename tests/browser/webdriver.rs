//! The WebDriver protocol (W3C), as much of it as the tests need: JSON over HTTP to a driver on loopback. One request a
//! connection, no dependencies, no async.

use serde_json::{Value, json};
use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A running driver process with one session in it. Both end when it is dropped.
pub struct Driver {
    process: Child,
    port: u16,
    session: Option<String>,
}

const TRIES: usize = 5;

/// Starts ChromeDriver; the error is what it said when it ended at once.
fn started() -> Result<(Child, u16), String> {
    let program = env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".into());
    let mut process = Command::new(&program)
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} does not start ({error}): run `make setup` to install it."));
    let mut output = BufReader::new(process.stdout.take().expect("the output is piped"));
    let mut said = String::new();
    let port = loop {
        let start = said.len();
        if output.read_line(&mut said).unwrap_or(0) == 0 {
            break None;
        }
        if let Some((_, port)) = said[start..].split_once("successfully on port ") {
            break port.trim().trim_end_matches('.').parse().ok();
        }
    };
    match port {
        Some(port) => Ok((process, port)),
        None => {
            let _ = process.wait();
            Err(format!("{program} ended without naming its port. It said: {said}"))
        }
    }
}

impl Driver {
    /// Starts ChromeDriver on a free port and a session with `capabilities`.
    pub fn chrome(capabilities: &Value) -> Driver {
        // The port that it finds free may be another's by the time it takes it.
        let started = (0..TRIES).find_map(|_| started().map_err(|said| eprintln!("{said}")).ok());
        let (process, port) = started.expect("the driver finds a port");
        let mut driver = Driver { process, port, session: None };
        let wanted = json!({ "capabilities": { "alwaysMatch": capabilities } });
        // On a busy machine a browser may take too long to start.
        let answer = driver.request("POST", "/session", &wanted).or_else(|error| {
            eprintln!("no session: {error}");
            driver.request("POST", "/session", &wanted)
        });
        let answer = answer.unwrap_or_else(|error| panic!("no session: {error}"));
        driver.session = Some(answer["sessionId"].as_str().expect("a session id").into());
        driver
    }

    /// A command of the session: `path` is what follows `/session/ID`.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        self.request("POST", &self.path(path), body)
    }

    /// A question to the session: `path` is what follows `/session/ID`.
    pub fn get(&self, path: &str) -> Result<Value, String> {
        self.request("GET", &self.path(path), &Value::Null)
    }

    /// A command of the Chrome DevTools protocol.
    pub fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.try_devtools(command, parameters).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    pub fn try_devtools(&self, command: &str, parameters: Value) -> Result<Value, String> {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// Ends the session; the browser closes in an orderly way.
    pub fn quit(&mut self) {
        if let Some(session) = self.session.take() {
            let _ = self.request("DELETE", &format!("/session/{session}"), &Value::Null);
        }
    }

    fn path(&self, path: &str) -> String {
        format!("/session/{}{path}", self.session.as_deref().expect("the session is open"))
    }

    fn request(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let text = |error: std::io::Error| error.to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).map_err(text)?;
        stream.set_read_timeout(Some(Duration::from_secs(150))).map_err(text)?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )
        .map_err(text)?;
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).map_err(text)?;
            if line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().map_err(|error| format!("{error}"))?;
            }
        }
        let mut bytes = vec![0; length];
        reader.read_exact(&mut bytes).map_err(text)?;
        let mut answer: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        let value = answer["value"].take();
        match value["error"].as_str() {
            Some(error) => Err(format!("{error}: {}", value["message"].as_str().unwrap_or(""))),
            None => Ok(value),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.quit();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The code point that WebDriver has for a key; a key that is no character has a name, as in the DOM.
pub fn key(name: &str) -> char {
    match name {
        "Tab" => '\u{e004}',
        "Enter" => '\u{e007}',
        "Shift" => '\u{e008}',
        "Control" => '\u{e009}',
        "Alt" => '\u{e00a}',
        "Escape" => '\u{e00c}',
        "Space" => ' ',
        "PageUp" => '\u{e00e}',
        "PageDown" => '\u{e00f}',
        "End" => '\u{e010}',
        "Home" => '\u{e011}',
        "ArrowLeft" => '\u{e012}',
        "ArrowUp" => '\u{e013}',
        "ArrowRight" => '\u{e014}',
        "ArrowDown" => '\u{e015}',
        "Delete" => '\u{e017}',
        "Backspace" => '\u{e003}',
        "F2" => '\u{e032}',
        other => other.chars().next().expect("a key has a name"),
    }
}
