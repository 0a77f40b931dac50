import smtplib

import psycopg
import pytest
from playwright.sync_api import Page

from tests import mail
from tests.browser import find_violations
from tests.mail import SmtpSink

NOTE = (
    b"Subject: Nordlys is down\r\nFrom: a@sender.test\r\nTo: b@reader.test\r\n\r\nSince 09:14.\r\n"
)


@pytest.mark.postgres
@pytest.mark.parametrize("round_number", [1, 2])
def test_every_test_finds_its_tables_without_rows(postgres_url: str, round_number: int) -> None:
    with psycopg.connect(postgres_url.replace("+asyncpg", "")) as connection:
        connection.execute("create table if not exists note (text text)")
        connection.execute("insert into note values ('left behind')")

        count = connection.execute("select count(*) from note").fetchone()

    assert count == (1,)


@pytest.mark.postgres
def test_an_empty_database_has_no_table(empty_postgres_url: str) -> None:
    with psycopg.connect(empty_postgres_url.replace("+asyncpg", "")) as connection:
        tables = connection.execute("select * from pg_tables where schemaname = 'public'")

        assert tables.fetchall() == []


def test_the_sink_keeps_a_mail_as_it_came(smtp_sink: SmtpSink) -> None:
    _send(smtp_sink)

    (received,) = smtp_sink.wait_for_mails(1)

    assert received.message["Subject"] == "Nordlys is down"
    assert received.recipients == ("b@reader.test",)
    assert received.text.strip() == "Since 09:14."


@pytest.mark.parametrize("answer", [mail.REFUSE, mail.BUSY])
def test_a_refused_mail_lies_in_no_mailbox(smtp_sink: SmtpSink, answer: str) -> None:
    smtp_sink.script(answer)

    with pytest.raises(smtplib.SMTPDataError):
        _send(smtp_sink)

    assert smtp_sink.mails == []
    assert len(smtp_sink.attempts) == 1


def test_a_mail_whose_answer_was_lost_lies_in_the_mailbox(smtp_sink: SmtpSink) -> None:
    smtp_sink.script(mail.DROP)

    with pytest.raises(smtplib.SMTPServerDisconnected):
        _send(smtp_sink)

    assert len(smtp_sink.mails) == 1


def test_a_hanging_server_takes_the_mail_and_says_nothing(smtp_sink: SmtpSink) -> None:
    smtp_sink.script(mail.HANG)

    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        _send(smtp_sink, timeout_s=0.3)

    assert smtp_sink.mails == []


@pytest.mark.e2e
def test_axe_reports_an_image_without_a_text(page: Page) -> None:
    page.set_content("<html lang=en><title>A</title><main><h1>A</h1><img src='data:,'></main>")

    assert [found.partition(":")[0] for found in find_violations(page)] == ["image-alt"]


def _send(sink: SmtpSink, *, timeout_s: float = 5) -> None:
    with smtplib.SMTP(sink.host, sink.port, timeout=timeout_s) as connection:
        connection.sendmail("a@sender.test", ["b@reader.test"], NOTE)
