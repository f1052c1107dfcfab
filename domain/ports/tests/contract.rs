//! The reference adapters keep their own contracts, and so do faulty ones that never fail.

use std::sync::Arc;

use ports::memory::faulty::{Faults, Faulty};
use ports::memory::{
    ManualClock, MemoryBlobs, MemoryCallbacks, MemoryCheckpoints, MemoryDeadLetters,
    MemoryLeadership, MemoryLog, MemoryQuotas, MemoryReadModels, MemoryReadings, MemoryRenditions,
    MemorySamples, MemoryWorkQueue,
};

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::default())
}

/// Gives way to other tasks now and then, and fails never.
fn sound<P>(port: P) -> Faulty<P> {
    Faulty::over(Arc::new(port), &Faults::seeded(1, 0.0))
}

mod event_store {
    ports::contract::event_store!(super::MemoryLog::new(super::clock()));
}

mod checkpoints {
    ports::contract::checkpoints!(super::MemoryCheckpoints::default());
}

mod dead_letters {
    ports::contract::dead_letters!(super::MemoryDeadLetters::default());
}

mod read_models {
    ports::contract::read_models!(super::MemoryReadModels::default());
}

mod blobs {
    ports::contract::blobs!(super::MemoryBlobs::default());
}

mod samples {
    ports::contract::samples!(super::MemorySamples::new(std::sync::Arc::new(
        super::ManualClock::ticking()
    )));
}

mod readings {
    ports::contract::readings!(super::MemoryReadings::default());
}

mod work_queue {
    ports::contract::work_queue!(super::MemoryWorkQueue::default());
}

mod faulty_event_store {
    ports::contract::event_store!(super::sound(super::MemoryLog::new(super::clock())));
}

mod faulty_checkpoints {
    ports::contract::checkpoints!(super::sound(super::MemoryCheckpoints::default()));
}

mod faulty_dead_letters {
    ports::contract::dead_letters!(super::sound(super::MemoryDeadLetters::default()));
}

mod faulty_read_models {
    ports::contract::read_models!(super::sound(super::MemoryReadModels::default()));
}

mod faulty_blobs {
    ports::contract::blobs!(super::sound(super::MemoryBlobs::default()));
}

mod faulty_readings {
    ports::contract::readings!(super::sound(super::MemoryReadings::default()));
}

mod faulty_work_queue {
    ports::contract::work_queue!(super::sound(super::MemoryWorkQueue::default()));
}

mod renditions {
    ports::contract::renditions!(super::MemoryRenditions::default());
}

mod leadership {
    ports::contract::leadership!(super::MemoryLeadership::default());
}

mod quotas {
    ports::contract::quotas!(super::MemoryQuotas::default());
}

mod callbacks {
    ports::contract::callbacks!(super::MemoryStage::default(), |stage| stage
        as &dyn ports::contract::callbacks::Stage);
}

#[derive(Default)]
struct MemoryStage(MemoryCallbacks);

impl ports::contract::callbacks::Stage for MemoryStage {
    fn callbacks(&self) -> &dyn ports::callbacks::Callbacks {
        &self.0
    }

    fn answering(&self, status: u16) -> String {
        let url = format!("https://hooks.example/{status}");
        self.0.answers(&url, status);
        url
    }

    fn nobody(&self) -> String {
        "https://nobody.example/".to_owned()
    }

    fn received(&self) -> Vec<(String, bytes::Bytes)> {
        let received = self.0.received().into_iter();
        received.map(|callback| (callback.headers[0].1.clone(), callback.body)).collect()
    }
}
