//! A body that has to arrive in time.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::BoxError;
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// Ends with an error at the deadline of its request: a client that sends a byte now and then must
/// not keep a task for as long as it likes.
pub(super) struct DeadlineBody {
    body: Body,
    deadline: Instant,
    /// Made when the body is first waited for; most have arrived with their head.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl DeadlineBody {
    pub(super) fn wrap(body: Body, deadline: Instant) -> Body {
        if body.is_end_stream() {
            return body;
        }
        Body::new(Self { body, deadline, sleep: None })
    }
}

impl HttpBody for DeadlineBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let deadline = self.deadline;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        match sleep.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err("the body did not arrive in time".into()))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
