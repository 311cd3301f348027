// npm's smpp as a gateway on loopback. The last digit of a number says what happens to its messages: 1 the number is refused,
// 2 slow down, 3 no answer, 4 the line goes dead, 5 not delivered; any other is delivered.
// SMPP_PORT and PORT are where it listens; GET / tells what arrived: number, text, and what the segments were called.
import { createServer } from 'node:http'
import smpp from 'smpp'

const password = process.env.PASSWORD
const messages = []
const waiting = new Map()
let binds = 0
let unbinds = 0

function taken (session, pdu, number) {
  const id = `s${messages.length}-${waiting.size}-${number}`
  const content = pdu.short_message
  const parts = content.udh ? content.udh[0] : null // 05 00 03 reference total part
  const body = content.message
  if (!parts) {
    messages.push({ number: pdu.destination_addr, text: body, ids: [id], coding: pdu.data_coding })
  } else {
    const key = `${pdu.destination_addr}/${parts[2]}`
    const known = waiting.get(key) ?? new Map()
    waiting.set(key, known.set(parts[4], { body, id }))
    if (known.size === parts[3]) {
      waiting.delete(key)
      const whole = [...known.keys()].sort((a, b) => a - b).map((place) => known.get(place))
      messages.push({ number: pdu.destination_addr, text: whole.map((one) => one.body).join(''), ids: whole.map((one) => one.id), coding: pdu.data_coding })
    }
  }
  session.send(pdu.response({ message_id: id }))
  return id
}

function receipt (session, pdu, id, stat) {
  session.deliver_sm({
    source_addr: pdu.destination_addr,
    destination_addr: pdu.source_addr,
    esm_class: 4,
    short_message: `id:${id} sub:001 dlvrd:001 submit date:2609011600 done date:2609011600 stat:${stat} err:000 text:`,
  })
}

let count = 0
smpp.createServer({}, (session) => {
  session.on('error', () => {})
  session.on('bind_transceiver', (pdu) => {
    const known = pdu.system_id === 'yima' && pdu.password === password
    binds += known ? 1 : 0
    session.send(pdu.response(known ? {} : { command_status: smpp.ESME_RINVPASWD }))
  })
  session.on('enquire_link', (pdu) => session.send(pdu.response()))
  session.on('unbind', (pdu) => {
    unbinds += 1
    session.send(pdu.response())
  })
  session.on('submit_sm', (pdu) => {
    const last = pdu.destination_addr.at(-1)
    if (last === '1') return session.send(pdu.response({ command_status: smpp.ESME_RINVDSTADR }))
    if (last === '2') return session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }))
    if (last === '3') return undefined
    if (last === '4') return session.destroy()
    return receipt(session, pdu, taken(session, pdu, ++count), last === '5' ? 'UNDELIV' : 'DELIVRD')
  })
}).listen(Number(process.env.SMPP_PORT), '127.0.0.1', () => {
  createServer((_, response) => response.end(JSON.stringify({ messages, binds, unbinds }))).listen(Number(process.env.PORT), '127.0.0.1')
})
