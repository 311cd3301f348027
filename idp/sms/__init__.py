"""Text messages: written down with the change that causes them, sent by the outbox through one provider after another.

Owns the texts (``templates``), the limits and the budget against toll fraud (``limits``), the work before another one so soon
(``work``), the queue and its delivery with failover, delivery reports, what each message cost, and ``providers``, a file or folder
each behind one interface. Tables: ``sms_message``, ``sms_segment``, ``sms_counter``, ``sms_day``, ``sms_provider``. Keeps neither a
text nor a code nor a number in clear. Knows no second factor, no session and no page: whoever needs a message says to whom, what
for, and from which address it was asked.
"""
