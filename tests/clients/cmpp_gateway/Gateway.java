import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.sun.net.httpserver.HttpServer;
import com.zx.sms.codec.cmpp.msg.CmppDeliverRequestMessage;
import com.zx.sms.codec.cmpp.msg.CmppReportRequestMessage;
import com.zx.sms.codec.cmpp.msg.CmppSubmitRequestMessage;
import com.zx.sms.codec.cmpp.msg.CmppSubmitResponseMessage;
import com.zx.sms.common.util.MsgId;
import com.zx.sms.connect.manager.EndpointEntity.SupportLongMessage;
import com.zx.sms.connect.manager.EndpointManager;
import com.zx.sms.connect.manager.cmpp.CMPPServerChildEndpointEntity;
import com.zx.sms.connect.manager.cmpp.CMPPServerEndpointEntity;
import com.zx.sms.handler.api.AbstractBusinessHandler;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Maven's {@code com.chinamobile.cmos:sms-core} as a CMPP 3.0 gateway on loopback. A number that ends in 5 is not reached; any other is.
 *
 * <p>CMPP_PORT and PORT are where it listens, SP_ID and SECRET are who may come; GET / on PORT tells what arrived, as a phone shows it.
 */
public final class Gateway {
    record Arrived(String number, String text, String source, List<String> ids) {}

    private static final List<Arrived> ARRIVED = new CopyOnWriteArrayList<>();

    @Sharable
    static final class Phone extends AbstractBusinessHandler {
        @Override
        public String name() {
            return "phone";
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (!(message instanceof CmppSubmitRequestMessage submit)) {
                context.fireChannelRead(message);
                return;
            }
            // The library has put the segments together; each is answered by itself, under a name of its own.
            List<CmppSubmitRequestMessage> segments = new ArrayList<>(List.of(submit));
            if (submit.getFragments() != null) {
                segments.addAll(submit.getFragments());
            }
            String number = submit.getDestterminalId()[0];
            List<MsgId> names = segments.stream().map(segment -> new MsgId()).toList();
            List<String> ids = names.stream().map(name -> Long.toUnsignedString(octets(name))).toList();
            ARRIVED.add(new Arrived(number, submit.getMsgContent(), submit.getSrcId(), ids));
            for (int place = 0; place < segments.size(); place++) {
                CmppSubmitRequestMessage segment = segments.get(place);
                CmppSubmitResponseMessage answer = new CmppSubmitResponseMessage(segment.getHeader().getSequenceId());
                answer.setResult(0);
                answer.setMsgId(names.get(place));
                context.writeAndFlush(answer);
                context.writeAndFlush(report(segment, names.get(place), number.endsWith("5") ? "UNDELIV" : "DELIVRD"));
            }
        }
    }

    private static CmppDeliverRequestMessage report(CmppSubmitRequestMessage segment, MsgId id, String stat) {
        CmppReportRequestMessage about = new CmppReportRequestMessage();
        about.setMsgId(id);
        about.setStat(stat);
        about.setSubmitTime("2609011600");
        about.setDoneTime("2609011601");
        about.setDestterminalId(segment.getDestterminalId()[0]);
        CmppDeliverRequestMessage deliver = new CmppDeliverRequestMessage();
        deliver.setDestId(segment.getSrcId());
        deliver.setSrcterminalId(segment.getDestterminalId()[0]);
        deliver.setReportRequestMessage(about);
        return deliver;
    }

    /** Msg_Id as it travels: month 4 bits, day 5, hour 5, minute 6, second 6, gateway 22, sequence 16. */
    private static long octets(MsgId id) {
        long time = ((((long) id.getMonth() << 5 | id.getDay()) << 5 | id.getHour()) << 6 | id.getMinutes()) << 6 | id.getSeconds();
        return (time << 22 | id.getGateId()) << 16 | id.getSequenceId();
    }

    private static byte[] told() throws IOException {
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        try (JsonGenerator json = new JsonFactory().createGenerator(told)) {
            json.writeStartArray();
            for (Arrived one : ARRIVED) {
                json.writeStartObject();
                json.writeStringField("number", one.number());
                json.writeStringField("text", one.text());
                json.writeStringField("source", one.source());
                json.writeArrayFieldStart("ids");
                for (String id : one.ids()) {
                    json.writeString(id);
                }
                json.writeEndArray();
                json.writeEndObject();
            }
            json.writeEndArray();
        }
        return told.toByteArray();
    }

    public static void main(String[] arguments) throws Exception {
        CMPPServerChildEndpointEntity account = new CMPPServerChildEndpointEntity();
        account.setId("account");
        account.setUserName(System.getenv("SP_ID"));
        account.setPassword(System.getenv("SECRET"));
        account.setChartset(StandardCharsets.UTF_8);
        account.setVersion((short) 0x30);
        account.setValid(true);
        account.setSupportLongmsg(SupportLongMessage.BOTH);
        account.setBusinessHandlerSet(new ArrayList<>(List.of(new Phone())));
        CMPPServerEndpointEntity server = new CMPPServerEndpointEntity();
        server.setId("gateway");
        server.setHost("127.0.0.1");
        server.setPort(Integer.parseInt(System.getenv("CMPP_PORT")));
        server.setValid(true);
        server.addchild(account);
        EndpointManager.INS.addEndpointEntity(server);
        EndpointManager.INS.openAll();

        HttpServer web = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT"))), 0);
        web.createContext("/", exchange -> {
            byte[] body = told();
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        web.start();
    }
}
