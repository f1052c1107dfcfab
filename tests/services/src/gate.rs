//! A way to a server that can be shut and opened again.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What happens to who comes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The server answers.
    Open,
    /// Connections are cut, and new ones are cut at once.
    Shut,
    /// Connections are taken, and never answered.
    Silent,
}

/// Passes on what comes to `address`, as long as it is open.
pub struct Gate {
    /// Where to connect instead.
    pub address: SocketAddr,
    way: watch::Sender<Way>,
    accepting: JoinHandle<()>,
}

impl Gate {
    /// To `server`, as `host:port`.
    pub async fn to(server: &str, way: Way) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let address = listener.local_addr().expect("it is bound");
        let (sender, receiver) = watch::channel(way);
        let accepting = tokio::spawn(accept(listener, server.to_owned(), receiver));
        Self { address, way: sender, accepting }
    }

    /// From now on, for the connections that there are too.
    pub fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, server: String, way: watch::Receiver<Way>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(pass(client, server.clone(), way.clone()));
    }
}

async fn pass(mut client: TcpStream, server: String, mut way: watch::Receiver<Way>) {
    let now = *way.borrow_and_update();
    match now {
        Way::Open => {
            let Ok(mut server) = TcpStream::connect(server).await else { return };
            tokio::select! {
                _ = copy_bidirectional(&mut client, &mut server) => return,
                changed = way.changed() => if changed.is_err() { return },
            }
            // Whoever came while it was open is cut off, or never hears again.
            if *way.borrow() == Way::Silent {
                way.wait_for(|way| *way != Way::Silent).await.ok();
            }
        }
        Way::Silent => {
            way.wait_for(|way| *way != Way::Silent).await.ok();
        }
        Way::Shut => {}
    }
}
