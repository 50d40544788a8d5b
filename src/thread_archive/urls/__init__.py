"""
Any way of writing a thread: the addresses of lemmy-ui, of the other front ends, of saved copies, and all of that as
people paste it.
"""

from thread_archive.urls.forms import FOREIGN_FORMS, FORMS, MAX_ID, Form, foreign_forms_table, forms_table
from thread_archive.urls.handles import fitting_name, handle, is_same_server, name_in
from thread_archive.urls.hosts import a_labels, host_in, host_of, typed_ports, with_a_labels
from thread_archive.urls.pasting import parse_thread_url
from thread_archive.urls.refusals import without_password
from thread_archive.urls.threads import MAX_LENGTH, ThreadURL, local_id_in, thread_at
from thread_archive.urls.visible import visible

__all__ = [
    "FOREIGN_FORMS",
    "FORMS",
    "MAX_ID",
    "MAX_LENGTH",
    "Form",
    "ThreadURL",
    "a_labels",
    "fitting_name",
    "foreign_forms_table",
    "forms_table",
    "handle",
    "host_in",
    "host_of",
    "is_same_server",
    "local_id_in",
    "name_in",
    "parse_thread_url",
    "thread_at",
    "typed_ports",
    "visible",
    "with_a_labels",
    "without_password",
]
